"""The computing process: an order on standard input, a line for each word on standard output."""

import os
import sys
import time

import msgspec

from kaimen.kit.draws.computing import Order, Word, compute

SECONDS_BETWEEN_WORDS = 1.0


def main() -> None:
    # The solver prints its banner to standard output, whatever it is told; that goes to the log.
    words = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    told = 0.0

    def say(word: Word) -> None:
        nonlocal told
        if word.step and time.monotonic() < told + SECONDS_BETWEEN_WORDS:
            return
        told = time.monotonic()
        words.write(msgspec.json.encode(word) + b"\n")

    compute(msgspec.json.decode(sys.stdin.buffer.read(), type=Order), say)


if __name__ == "__main__":
    main()
