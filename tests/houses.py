"""Houses for tests: all real servers and services, with a clock that can be moved, and people to act in them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import nats
import psutil
from nats.js.errors import BadRequestError

from kaimen.contracts.envelope import envelope
from kaimen.host.embedded import Embedded, Ports, is_free
from kaimen.kit.ids import new_id

SPEAKING = (
    "accounts", "opendays", "representatives", "hearings", "decisions", "adoption", "openmonth", "calendar", "notices",
)  # fmt: skip
"""Services with an API; the portal has pages."""
FAST = {f"KAIMEN_{name.upper()}_SWEEP_SECONDS": "0.3" for name in SPEAKING}
FAST |= {"KAIMEN_PORTAL_FORM_SECONDS": "0"}


async def until(question: Callable[[], Awaitable[Any]], *, seconds: float = 20) -> Any:
    """Ask until the answer is truthy, and return it. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (answer := await question()):
            await asyncio.sleep(0.05)
        return answer


@dataclass
class House:
    """A running house: `client` talks to its front door."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    client: httpx.AsyncClient

    async def token(self, role: str, unit: str | None = None, name: str = "") -> dict[str, str]:
        """Headers for one who acts in a role."""
        body = {"role": role, "unit": unit, "name": name}
        answer = await self.client.post("/api/accounts/v1/dev/tokens", json=body)
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    @property
    def shift(self) -> timedelta:
        """By how much every service's clock is moved."""
        clock = self.folder / "clock"
        return timedelta(seconds=float(clock.read_text()) if clock.exists() else 0)

    def shift_clock(self, by: timedelta) -> None:
        """Move every service's clock to the real time plus `by`."""
        # At once: a service that read a half-written file would live through a moment of another time.
        written = self.folder / "clock.new"
        written.write_text(str(by.total_seconds()))
        written.replace(self.folder / "clock")

    @property
    def servers(self) -> Embedded:
        """Addresses of the servers behind the house; it starts nothing."""
        return Embedded(self.folder, ports=Ports(self.folder / "state.json", in_use=True))

    def ports(self) -> dict[str, int]:
        """Which port each program of the house has."""
        return json.loads((self.folder / "state.json").read_text())["ports"]

    async def metrics(self, service: str) -> str:
        """What a service measures, asked of itself: the door shows it to nobody."""
        url = f"http://127.0.0.1:{self.ports()[service]}/api/{service}/v1/metrics"
        answer = await self.client.get(url)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def database(self, service: str) -> asyncpg.Connection:
        return await asyncpg.connect(self.servers.postgres.url(service))

    async def say(self, fact: msgspec.Struct, source: UUID, at: datetime, version: int = 1) -> None:
        """As its service would, which does not run here, into its stream."""
        said = envelope(fact, id=new_id(), aggregate_id=str(source), version=version, time=at)
        client = await nats.connect(self.servers.nats.url)
        try:
            stream = client.jetstream()
            with suppress(BadRequestError):
                service = said.subject.split(".")[0]
                await stream.add_stream(name=service, subjects=[f"{service}.>"])
            await stream.publish(said.subject, said.body, headers=said.headers())
        finally:
            await client.close()

    def processes(self, *words: str) -> list[psutil.Process]:
        """Those of the house whose command line holds all of `words`."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        found = []
        for each in family:
            try:
                line = " ".join(each.cmdline())
            except psutil.NoSuchProcess:
                continue
            if all(word in line for word in words):
                found.append(each)
        return found

    async def kill(self, *words: str) -> None:
        """SIGKILL what matches, and wait until the supervisor has brought the house back."""
        victims = self.processes(*words)
        assert victims, f"nothing runs with {words}"
        for victim in victims:
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
        await self.ready()

    async def kill_service(self, name: str) -> None:
        """SIGKILL one service, and wait until it is back."""
        for victim in self.processes("serve", name):
            victim.kill()
        await until(lambda: self._is_whole(name), seconds=60)

    async def ready(self) -> None:
        """Wait until every service answers and is connected to everything."""
        for service in SPEAKING:
            await until(lambda service=service: self._is_whole(service), seconds=60)

    async def _is_whole(self, service: str) -> bool:
        try:
            answer = await self.client.get(f"/api/{service}/v1/health/ready")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and all(part is not False for part in answer.json().values())


@asynccontextmanager
async def open_house(
    folder: Path, *options: str, shift: timedelta = timedelta(), settings: Mapping[str, str] | None = None
) -> AsyncIterator[House]:
    """A house of its own, its clock `shift` away from ours from the start; `settings`: more of its environment."""
    port = next(port for port in range(18080, 19000) if is_free(port))
    (folder / "clock").write_text(str(shift.total_seconds()))
    command = [sys.executable, "-m", "kaimen.host", "up", "--data", str(folder), "--port", str(port)]
    command += ["--clock-file", str(folder / "clock"), *options]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **FAST, **(settings or {})})
    url = f"http://localhost:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
            house = House(url, folder, process, client)
            await until(lambda: _is_open(folder, process), seconds=120)
            # Two houses that start together may want one port; the second then takes the next.
            house.url = (folder / "address").read_text()
            client.base_url = house.url
            yield house
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


async def _is_open(folder: Path, process: subprocess.Popen[bytes]) -> bool:
    said = (folder / "out").read_text("utf-8")
    assert process.poll() is None, said
    return "open after" in said


_TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The day on which this run began: what one test places on the same day must not be parted by midnight."""


def in_days(days: int, hour: int = 9) -> datetime:
    """`hour` o'clock UTC in `days` days."""
    return _TODAY + timedelta(days=days, hours=hour)


def event_draft(**changes: Any) -> dict[str, Any]:
    """A draft that may be published, in JSON form."""
    starts = in_days(10)
    session = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat(), "capacity": 10}
    draft = {
        "title": "走进社区卫生服务中心",
        "theme": "民生保障",
        "unit": "区教育局",
        "place": "青浦区公园路100号",
        "accessibility": ["无障碍坡道"],
        "interactive_steps": ["qa"],
        "staff": ["业务科室负责人"],
        "registration": {"mode": "here", "contact": "021-59732890"},
        "sessions": [session],
    }
    return {**draft, **changes}


@dataclass
class Desk:
    """A unit's people at the API: writer, another who approves, and a way to publish."""

    house: House
    writer: dict[str, str]
    approver: dict[str, str]

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.house.client.post(f"/api/opendays/v1{path}", json=body, headers=headers or self.writer)

    async def published(self, **changes: Any) -> dict[str, Any]:
        """A published event, as the API shows it."""
        created = await self.post("/events", event_draft(**changes))
        assert created.status_code == 201, created.text
        path = f"/events/{created.json()['id']}"
        for step, headers in (("submit", self.writer), ("approve", self.approver), ("publish", self.writer)):
            answer = await self.post(f"{path}/{step}", headers=headers)
            assert answer.status_code == 200, answer.text
        return answer.json()

    async def register(self, session_id: str, phone: str, **more: Any) -> httpx.Response:
        """As an anonymous citizen, unless `headers` says otherwise."""
        headers = more.pop("headers", {})
        body = {"name": "张三", "phone": phone, **more}
        path = f"/api/opendays/v1/sessions/{session_id}/registrations"
        return await self.house.client.post(path, json=body, headers=headers)


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and type of a problem document, its form checked."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = json.loads(answer.content)
    assert body["status"] == answer.status_code
    assert body["detail"]
    assert body["detail_en"]
    return answer.status_code, body["type"]
