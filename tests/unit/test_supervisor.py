"""Real processes under the supervisor: gates, restarts, order, and the death of the supervisor itself."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kaimen.host import supervisor
from kaimen.host.supervisor import AlreadyRunning, Lock, Log, Process, Program, StartFailed, Supervisor

SLEEPER = "import time\nprint('awake', flush=True)\ntime.sleep(600)"


def python(code: str, name: str = "child", **more: object) -> Program:
    return Program(name=name, command=[sys.executable, "-u", "-c", code], **more)  # type: ignore[arg-type]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path / "log" / "test.log")
    yield log
    log.close()


def words(log: Log) -> list[str]:
    return [line.split(None, 3)[3] for line in log.path.read_text().splitlines()]


async def until(happened: asyncio.Event) -> None:
    await asyncio.wait_for(happened.wait(), 20)


async def test_process_start_waits_until_it_is_ready(log: Log, tmp_path: Path) -> None:
    sign = tmp_path / "ready"

    async def ready() -> bool:
        return sign.exists()

    code = f"import time, pathlib\ntime.sleep(0.3)\npathlib.Path({str(sign)!r}).touch()\ntime.sleep(600)"
    process = Process(python(code), log, ready)
    await process.start()
    seen = sign.exists()
    await process.stop()
    assert (seen, await process.wait()) == (True, -signal.SIGTERM)


async def test_process_that_ends_at_once_is_told_with_its_last_words(log: Log) -> None:
    async def never() -> bool:
        return False

    process = Process(python("print('no such file'); raise SystemExit(7)", "broken"), log, never)
    with pytest.raises(StartFailed) as failed:
        await process.start()
    lines = str(failed.value).splitlines()
    assert (lines[0].split(".")[0], lines[1:]) == ("broken ended at once (exit 7)", ["no such file"])


async def test_process_that_is_never_ready_is_not_left_running(log: Log) -> None:
    async def never() -> bool:
        return False

    process = Process(python(SLEEPER), log, never, start_seconds=0.3)
    with pytest.raises(StartFailed):
        await process.start()
    assert psutil.pid_exists(process.pid) is False


async def test_process_that_ignores_the_request_is_killed(log: Log) -> None:
    async def ready() -> bool:
        return log.path.read_text().endswith("deaf\n")

    code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf')\ntime.sleep(600)"
    process = Process(python(code, stop_seconds=0.3), log, ready)
    await process.start()
    await process.stop()
    assert await process.wait() == -signal.SIGKILL


async def test_process_that_is_frozen_still_stops(log: Log) -> None:
    process = Process(python(SLEEPER), log)
    await process.start()
    os.kill(process.pid, signal.SIGSTOP)
    await process.stop()
    assert await process.wait() == -signal.SIGTERM


async def test_process_output_reaches_the_log_in_whole_lines(log: Log) -> None:
    process = Process(python("print('政' * 70000); print('二')"), log)
    await process.start()
    await process.wait()
    assert words(log) == ["政" * 70000, "二"]


def test_log_is_rotated_and_its_size_bounded(tmp_path: Path) -> None:
    log = Log(tmp_path / "small.log", bytes_per_file=1000, files=3)
    for _ in range(200):
        log.write("x", "y" * 50)
    log.close()
    sizes = sorted((path.name, path.stat().st_size <= 1000) for path in tmp_path.iterdir())
    assert sizes == [("small.log", True), ("small.log.1", True), ("small.log.2", True)]


async def test_supervisor_restarts_what_was_killed(log: Log) -> None:
    told: list[str] = []
    back = asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        if line.startswith("✓"):
            back.set()

    process = Process(python(SLEEPER, "sleeper"), log)
    house = Supervisor(tell)
    await house.start(process)
    first = process.pid
    os.kill(first, signal.SIGKILL)
    await until(back)
    second = process.pid
    await house.stop()
    assert (second != first, len(told), psutil.pid_exists(second)) == (True, 2, False)


async def test_supervisor_waits_longer_after_every_crash(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_SECONDS", 0.05)
    pauses: list[str] = []
    enough = asyncio.Event()

    def tell(line: str) -> None:
        if line.startswith("!"):
            pauses.append(line.rsplit(" in ", 1)[1])
            if len(pauses) == 5:
                enough.set()

    house = Supervisor(tell)
    await house.start(Process(python("raise SystemExit(3)"), log))
    await until(enough)
    await house.stop()
    assert pauses[:5] == ["0.01 s", "0.02 s", "0.04 s", "0.05 s", "0.05 s"]


async def test_supervisor_stops_groups_in_the_reverse_order(log: Log) -> None:
    async def ready() -> bool:
        return log.path.exists() and log.path.read_text().count("awake") == len(started)

    code = (
        "import signal, sys, time\ndef end(*_):\n    print('ended')\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
    )
    house, started = Supervisor(lambda _: None), list[str]()
    for names in (["a", "b"], ["c"], ["d"]):
        started.extend(names)
        programs = [Process(python(f"{code}print('awake')\ntime.sleep(600)", name), log, ready) for name in names]
        await house.start(*programs, stop_in_turn=True)
    await house.stop()
    ended = [line.split()[2] for line in log.path.read_text().splitlines() if line.endswith("ended")]
    assert ended == ["d", "c", "a", "b"]


async def test_supervisor_leaves_nothing_running_when_one_of_a_group_fails(log: Log) -> None:
    async def never() -> bool:
        return False

    good = Process(python(SLEEPER, "good"), log)
    bad = Process(python("raise SystemExit(1)", "bad"), log, never)
    house = Supervisor(lambda _: None)
    with pytest.raises(StartFailed):
        await house.start(good, bad)
    await house.stop()
    assert psutil.pid_exists(good.pid) is False


async def test_process_that_was_killed_takes_its_workers_along(log: Log) -> None:
    code = (
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid)\ntime.sleep(600)"
    )

    async def ready() -> bool:
        return len(words(log)) == 1

    process = Process(Program("main", [sys.executable, "-u", "-c", code, "import time; time.sleep(600)"]), log, ready)
    await process.start()
    worker = psutil.Process(int(words(log)[0]))
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, [worker], 10)
    assert alive == []


PARENT = """
import asyncio, sys
from pathlib import Path
from kaimen.host.supervisor import Log, Process, Program
async def main():
    program = Program(name="child", command=[sys.executable, "-c", "import time; time.sleep(600)"])
    process = Process(program, Log(Path(sys.argv[1])), tie=sys.argv[2])
    await process.start()
    print(process.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "tie", [pytest.param("prctl", marks=pytest.mark.skipif(sys.platform != "linux", reason="prctl")), "pipe"]
)
def test_children_die_with_a_killed_supervisor(tmp_path: Path, tie: str) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), tie]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        family = [child, *child.children()]
        parent.kill()
    _, alive = psutil.wait_procs(family, 10)
    assert alive == []


def test_lock_refuses_a_second_holder_with_the_words_of_the_first(tmp_path: Path) -> None:
    first = Lock(tmp_path / "lock")
    first.say("http://localhost:8080")
    with pytest.raises(AlreadyRunning) as refused:
        Lock(tmp_path / "lock")
    first.release()
    Lock(tmp_path / "lock").release()
    assert str(refused.value) == "http://localhost:8080"


async def test_telling_nobody_is_no_error() -> None:
    code = "import os\nfrom kaimen.host.supervisor import tell\ntell('a')\ntell('b')\nos.write(2, b'done')"
    read, write = os.pipe()
    os.close(read)
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code],
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=20,
        check=False,
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"done")
