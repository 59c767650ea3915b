"""Processes that are started in order, waited for, restarted after a crash and stopped in reverse order."""

import asyncio
import contextlib
import fcntl
import logging
import logging.handlers
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import psutil

LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.05
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
CALM_SECONDS = 60.0
"""A process that lived this long is forgiven its earlier crashes."""


class StartFailed(Exception):
    """A process ended, or was not ready in time. The text: a line for the operator, then its last words."""


class AlreadyRunning(Exception):
    """Another instance holds the folder; the text is what it wrote into the lock."""


class Log:
    """One rotated file for the words of all processes."""

    def __init__(self, path: Path, *, bytes_per_file: int = 10_000_000, files: int = 5) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        self.path = path
        self._handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=bytes_per_file, backupCount=files - 1, encoding="utf-8", delay=True
        )
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(name)-10s %(message)s"))

    def write(self, name: str, line: str) -> None:
        self._handler.handle(logging.LogRecord(name, logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Let go of the file; a later line opens it again."""
        self._handler.close()


@dataclass(frozen=True)
class Program:
    """What to run. It gets `death_signal` when the supervisor dies; `identity` is explained in `leash`."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
    death_signal: signal.Signals = signal.SIGKILL
    identity: str = "same"


class Supervised(Protocol):
    """What a Supervisor needs of a thing that it keeps alive."""

    @property
    def name(self) -> str: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def wait(self) -> int: ...


class Process:
    """One program, at most one running copy. `ready` is asked until it says yes; None: ready at once.

    `clear` takes what a former copy left out of the way; it runs before each start."""

    def __init__(
        self,
        program: Program,
        log: Log,
        ready: Callable[[], Awaitable[bool]] | None = None,
        *,
        clear: Callable[[], Awaitable[None]] | None = None,
        start_seconds: float = 60.0,
        tie: str = "prctl" if sys.platform == "linux" else "pipe",
    ) -> None:
        self.program = program
        self._log = log
        self._ready = ready
        self._clear = clear
        self._start_seconds = start_seconds
        self._tie = tie
        self._child: asyncio.subprocess.Process | None = None
        self._lifeline: int | None = None
        self._reading: asyncio.Task[None] | None = None
        self._killed = False
        self._swept = False
        self._last_lines: deque[str] = deque(maxlen=12)

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int:
        """Raises RuntimeError before the first start."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child.pid

    async def start(self) -> None:
        """Returns when it is ready. Raises StartFailed, and then nothing is left running."""
        if self._child is not None:
            if self._child.returncode is None and not self._killed:
                raise RuntimeError(f"{self.name} is running already")
            await self.wait()
        self._killed = self._swept = False
        self._last_lines.clear()
        if self._clear is not None:
            await self._clear()
        await self._spawn()
        try:
            await self._until_ready()
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int:
        """The exit code of the running copy, or of the last one; negative: the signal that ended it.

        Workers that it left behind in its process group are killed."""
        assert self._child is not None
        assert self._reading is not None
        code = await self._child.wait()
        if not self._swept:
            self._swept = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._reading), timeout=1)
        self._reading.cancel()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        return code

    async def stop(self) -> None:
        """Ask it to stop, and kill it when it has not after `stop_seconds`. Not running: nothing happens."""
        if self._child is None:
            return
        if self._child.returncode is None:
            # Not its own send_signal, which first polls and so may take the exit code from the event loop.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.pid, self.program.stop_signal)
                os.kill(self._child.pid, signal.SIGCONT)
            try:
                await asyncio.wait_for(self._child.wait(), self.program.stop_seconds)
            except TimeoutError:
                self._log.write("supervisor", f"{self.name} does not stop: killed")
                self.kill()
        await self.wait()

    def kill(self) -> None:
        """SIGKILL to it and to everything it started."""
        if self._child is None or self._child.returncode is not None:
            return
        self._killed = True
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._child.pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()

    async def _spawn(self) -> None:
        program = self.program
        leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(program.death_signal))]
        output, written = os.pipe()
        stdin: int = asyncio.subprocess.DEVNULL
        if self._tie == "pipe":
            stdin, self._lifeline = os.pipe()
        try:
            self._child = await asyncio.create_subprocess_exec(
                *leash,
                program.identity,
                self._tie,
                *program.command,
                env=program.env,
                cwd=program.folder,
                stdin=stdin,
                stdout=written,
                stderr=written,
                start_new_session=True,
            )
        finally:
            os.close(written)
            if stdin >= 0:
                os.close(stdin)
        self._reading = asyncio.create_task(self._copy(os.fdopen(output, "rb", buffering=0)))

    async def _copy(self, output: IO[bytes]) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), output
        )
        try:
            rest = b""
            while chunk := await reader.read(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._note(line)
            if rest:
                self._note(rest)
        finally:
            transport.close()

    def _note(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        self._last_lines.append(text)
        self._log.write(self.name, text)

    async def _until_ready(self) -> None:
        assert self._child is not None
        deadline = time.monotonic() + self._start_seconds
        while self._ready is not None and not await self._ready():
            if self._child.returncode is not None:
                await self.wait()
                raise StartFailed(self.last_words(f"ended at once (exit {self._child.returncode})"))
            if time.monotonic() > deadline:
                raise StartFailed(self.last_words(f"was not ready after {self._start_seconds:.0f} s"))
            await asyncio.sleep(POLL_SECONDS)

    def last_words(self, what: str) -> str:
        """A line for the operator about what happened, and the last lines that the program wrote."""
        return "\n".join([f"{self.name} {what}. 最后的日志 / its last words:", *self._last_lines])


class Supervisor:
    """Keeps processes alive, and stops them in the reverse order of their start."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._groups: list[tuple[Sequence[Supervised], bool]] = []
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._afterwards: list[Callable[[], None]] = []

    def on_stop(self, step: Callable[[], None]) -> None:
        """Do this when everything has stopped."""
        self._afterwards.append(step)

    async def start(self, *together: Supervised, stop_in_turn: bool = False) -> None:
        """Start these at once and return when all are ready. Raises the StartFailed of the first that fails.

        They stop at once too, or one after the other in the order given."""
        self._groups.append((together, stop_in_turn))
        try:
            async with asyncio.TaskGroup() as tasks:
                for one in together:
                    tasks.create_task(one.start())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        for one in together:
            self._watching[one.name] = asyncio.create_task(self._keep_alive(one))

    @property
    def started_anything(self) -> bool:
        return bool(self._groups)

    async def stop(self) -> None:
        for task in self._watching.values():
            task.cancel()
        await asyncio.gather(*self._watching.values(), return_exceptions=True)
        self._watching.clear()
        while self._groups:
            group, in_turn = self._groups.pop()
            for together in [[one] for one in group] if in_turn else [group]:
                await asyncio.gather(*(one.stop() for one in together))
        while self._afterwards:
            self._afterwards.pop()()

    async def _keep_alive(self, one: Supervised) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            since = time.monotonic()
            code = await one.wait()
            if time.monotonic() - since > CALM_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._tell(f"! {one.name} 意外退出，即将重启 / ended (exit {code}), starts again in {pause:g} s")
            while True:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                try:
                    await one.start()
                    break
                except StartFailed as failed:
                    self._tell(f"! {failed.args[0].splitlines()[0]}")
            self._tell(f"✓ {one.name} 已恢复 / is back")


class Lock:
    """One instance a folder, by flock: it is freed by the kernel however the holder ends."""

    def __init__(self, path: Path) -> None:
        """Raises AlreadyRunning with the words of the holder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            words = self._file.read().strip()
            self._file.close()
            raise AlreadyRunning(words) from None

    def say(self, words: str) -> None:
        """Leave words for whoever is refused."""
        self._file.truncate(0)
        self._file.write(words)
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def tell(line: str) -> None:
    """Print a line of progress. When the terminal or pipe is closed, the rest is said to nobody."""
    try:
        print(line, flush=True)
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        sys.stdout = os.fdopen(1, "w", closefd=False)
