"""A load generator that costs little: keep-alive sockets, requests built beforehand, answers only counted.

Reads an order as JSON from standard input and prints its counts as JSON. Meant to run as a process of its own.
"""

import asyncio
import sys
import time
from collections import Counter
from itertools import count, cycle

import msgspec
import uvloop

SECONDS = 6.0
CONNECTIONS = 512


class Order(msgspec.Struct):
    """Send `requests` in turn over `connections` for `seconds`; `{number}` in a request becomes a new number."""

    port: int
    requests: list[str]
    connections: int
    seconds: float
    first_number: int = 0


class Outcome(msgspec.Struct):
    """Answers by status, and what a caller waited, in milliseconds."""

    statuses: dict[int, int]
    seconds: float
    p50: float
    p99: float

    def rate(self, status: int) -> float:
        """Answers of that status a second."""
        return self.statuses.get(status, 0) / self.seconds


class Load:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._numbers = count(order.first_number)
        self._next = cycle(order.requests)
        self._statuses: Counter[int] = Counter()
        self._waited: list[float] = []

    async def run(self) -> Outcome:
        began = time.perf_counter()
        until = began + self._order.seconds
        await asyncio.gather(*(self._caller(until) for _ in range(self._order.connections)))
        seconds = time.perf_counter() - began
        waited = sorted(self._waited)
        return Outcome(
            dict(self._statuses), seconds, waited[len(waited) // 2] * 1000, waited[len(waited) * 99 // 100] * 1000
        )

    async def _caller(self, until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._order.port)
        while (asked := time.perf_counter()) < until:
            writer.write(next(self._next).replace("{number}", str(next(self._numbers))).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().find(b"content-length:")
            if length >= 0:
                await reader.readexactly(int(head[length + 15 : head.index(b"\r\n", length)]))
            self._statuses[int(head[9:12])] += 1
            self._waited.append(time.perf_counter() - asked)
        writer.close()


async def load(
    port: int,
    requests: list[str],
    *,
    connections: int = CONNECTIONS,
    first_number: int = 0,
    seconds: float = SECONDS,
) -> Outcome:
    """Send `requests` in turn to 127.0.0.1:`port` from a process of its own; what was answered."""
    order = Order(port, requests, connections, seconds, first_number)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate(msgspec.json.encode(order))
    return msgspec.json.decode(said, type=Outcome)


def registration(session_id: str) -> str:
    body = '{"name":"张三","phone":"{number}"}'
    # Each number has eleven digits, so the length is known beforehand.
    length = len(body.replace("{number}", "13000000000").encode())
    return (
        f"POST /api/opendays/v1/sessions/{session_id}/registrations HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )


def get(path: str, *lines: str) -> str:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *lines, "", ""])


if __name__ == "__main__":
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(Load(order).run())))
