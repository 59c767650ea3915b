"""`kaimen up`, really run: its door, its refusals, and what is left after it was killed."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from kaimen.host.embedded import free_port

WAIT_SECONDS = 90


class House:
    """One running `kaimen up`, and the lines that it told."""

    def __init__(self, data: Path, *more: str) -> None:
        command = [sys.executable, "-m", "kaimen.host", "up", "--data", str(data), "--no-seed", *more]
        self.data = data
        self.lines: list[str] = []
        self._has_ended = False
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Whoever started these tests under nohup did not mean the house.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        self._told = threading.Condition()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._told:
                self.lines.append(line.rstrip("\n"))
                self._told.notify_all()
        with self._told:
            self._has_ended = True
            self._told.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, words: str) -> str:
        """The first line that holds `words`; fails the test when it does not come."""

        def told() -> str | None:
            return next((line for line in self.lines if words in line), None)

        with self._told:
            self._told.wait_for(lambda: told() or self._has_ended, WAIT_SECONDS)
            found = told()
        if found is None:
            log = self.data / "log" / "kaimen.log"
            last = log.read_text("utf-8").splitlines()[-40:] if log.exists() else []
            pytest.fail("\n".join([f"{words!r} was not told; it said:", *self.lines, "and its log:", *last]))
        return found

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit code."""
        self._process.send_signal(number)
        code = self._process.wait(WAIT_SECONDS)
        self._reading.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def child(self, words: str) -> psutil.Process:
        """The direct child whose command line holds `words`."""
        children = psutil.Process(self.pid).children()
        return next(child for child in children if words in " ".join(child.cmdline()))


@contextmanager
def house(data: Path, *more: str) -> Iterator[House]:
    running = House(data, *more)
    try:
        yield running
    finally:
        running.end(signal.SIGTERM)


def is_ready(port: int, service: str = "accounts") -> int:
    return httpx.get(f"http://127.0.0.1:{port}/api/{service}/v1/health/ready", trust_env=False).status_code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_house_stops_everything_when_asked(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port(set())
    with house(tmp_path, "--port", str(port), "--only", "accounts") as running:
        running.until("open after")
        family, open_before = running.family(), is_ready(port)
        code = running.end(number)
    _, alive = psutil.wait_procs(family, 0)
    assert (open_before, code, alive) == (200, 0, [])


def test_house_opens_again_after_its_supervisor_was_killed(tmp_path: Path) -> None:
    port = free_port(set())
    with house(tmp_path, "--port", str(port), "--only", "accounts") as first:
        first.until("open after")
        family = first.family()
        first.end(signal.SIGKILL)
    with house(tmp_path, "--port", str(port), "--only", "accounts") as second:
        second.until("open after")
        _, alive = psutil.wait_procs(family, 0)
        assert (is_ready(port), alive) == (200, [])


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("postgres -D", "postgres"),
        ("nats-server", "nats"),
        ("valkey-server", "valkey"),
        ("caddy", "door"),
        ("serve accounts", "accounts"),
    ],
)
def test_house_brings_back_what_was_killed(house_of_accounts: tuple[House, int], words: str, name: str) -> None:
    running, port = house_of_accounts
    running.child(words).kill()
    running.until(f"✓ {name} 已恢复")
    assert is_ready(port) == 200


@pytest.fixture(scope="module")
def house_of_accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, int]]:
    port = free_port(set())
    with house(tmp_path_factory.mktemp("house"), "--port", str(port), "--only", "accounts") as running:
        running.until("open after")
        yield running, port


def test_second_house_on_one_folder_is_refused_in_one_line(house_of_accounts: tuple[House, int]) -> None:
    first, port = house_of_accounts
    second = subprocess.run(
        [sys.executable, "-m", "kaimen.host", "up", "--data", str(first.data)],
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    expected = f"Kaimen already runs on this folder: http://localhost:{port} (pid {first.pid})"
    assert (
        second.returncode,
        second.stderr,
        [line.split(" / ")[1] for line in second.stdout.splitlines()],
    ) == (
        3,
        "",
        [expected],
    )


def test_taken_port_is_told_and_the_next_one_used(tmp_path: Path) -> None:
    port = free_port(set())
    with (
        socket.create_server(("127.0.0.1", port)),
        house(tmp_path, "--port", str(port), "--only", "accounts") as running,
    ):
        told = running.until("is taken")
        running.until("open after")
        used = int(told.rsplit(" ", 1)[1].rstrip(")"))
        assert (used > port, is_ready(used)) == (True, 200)


def test_two_houses_that_start_together_never_share_a_port(tmp_path: Path) -> None:
    """Caddy would let them: it binds with SO_REUSEPORT."""
    port = free_port(set())
    more = ("--port", str(port), "--only", "accounts")
    with house(tmp_path / "one", *more) as one, house(tmp_path / "two", *more) as two:
        for each in (one, two):
            each.until("open after")
        assert (one.data / "address").read_text() != (two.data / "address").read_text()


def test_closed_output_does_not_break_the_stop(tmp_path: Path) -> None:
    port = free_port(set())
    command = [sys.executable, "-m", "kaimen.host", "up", "--data", str(tmp_path), "--no-seed"]
    with subprocess.Popen([*command, "--port", str(port), "--only", "accounts"], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()
        address = tmp_path / "address"
        while not address.exists():
            assert running.poll() is None
            time.sleep(0.05)
        family = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGTERM)
        code = running.wait(WAIT_SECONDS)
    _, alive = psutil.wait_procs(family, 0)
    assert (code, alive) == (0, [])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--only", "kitchen"], "no such service: kitchen"),
        (["--only", "portal", "--without", "portal"], "no service is left to run"),
        (["--only", "portal", "--external"], "with --external, set: KAIMEN_PORTAL_REDIS_URL"),
    ],
)
def test_wrong_choice_is_told_in_one_line(tmp_path: Path, more: list[str], words: str) -> None:
    with house(tmp_path, *more) as running:
        told = running.until(words)
        assert (told[0], running.lines, running.end(signal.SIGCONT)) == ("✗", [told], 2)
