"""A rolling upgrade: two releases side by side on one database and one stream, under load, in the order `pre`, new copy
beside old copy, old copy ends, `post`. The newer release is the working tree with one change laid over a copy of it."""

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

import kaimen.calendar
import kaimen.contracts
import kaimen.opendays
from copies import NAMES, Crowd, Town, door, must_be_whole, open_session, unit_desk
from houses import until
from kaimen.contracts.registry import BY_SUBJECT
from kaimen.host.embedded import ADDRESS, Embedded, Ports
from kaimen.host.supervisor import Log

ROUNDS = int(os.environ.get("KAIMEN_TRIALS", "1"))
LATER = "said-by-a-later-release"
AT_ONCE = 3
"""Processes that migrate at the same time."""
SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"
pytestmark = pytest.mark.timeout(300 + 60 * ROUNDS)

EDITS = (
    (
        "contracts/kaimen/contracts/opendays.py",
        "    offer_expires_at: datetime | None = None\n",
        "    offer_expires_at: datetime | None = None\n    release: int = 1\n",
    ),
    (
        "services/kaimen/opendays/app/registrations.py",
        "seats, offer_expires_at),",
        "seats, offer_expires_at, release=2),",
    ),
    ("services/kaimen/opendays/store/queries.sql", "pseudonym, wishes)\nselect", "pseudonym, wishes, release)\nselect"),
    ("services/kaimen/opendays/store/queries.sql", "wishes::uuid[]\nfrom", "wishes::uuid[], 2\nfrom"),
    (
        "services/kaimen/calendar/store/queries.sql",
        "session_id, state, changed_at) values ($1, $2, $3, $4, $5)",
        "session_id, state, changed_at, release, read_by) values ($1, $2, $3, $4, $5, $6, 2)",
    ),
    ("services/kaimen/calendar/store/repository.py", "said.state, at\n", "said.state, at, said.release\n"),
)
"""What the newer release changes: registrations and their fact say which release made them; the calendar keeps
that, and which release read it."""

STRICT = """select is_nullable = 'NO' from information_schema.columns
    where table_name = 'registrations' and column_name = 'release'"""
FIRST_FACTS = """select distinct on (aggregate_id) aggregate_id::uuid as id,
        coalesce((convert_from(body, 'UTF8')::jsonb ->> 'release')::int, 1) as release
    from outbox where subject = 'opendays.registration.changed.v1' order by aggregate_id, seq"""
UPGRADED = ("opendays", "calendar")
RELEASES = {"accounts": ("old",), "opendays": ("old", "new"), "calendar": ("old", "new")}

MIGRATIONS = {
    "opendays/store/migrations/9001_pre_release.sql": """
        alter table registrations add column release int;
        -- The older release does not know the column.
        create function name_release() returns trigger language plpgsql as
            $$ begin new.release := coalesce(new.release, 1); return new; end $$;
        create trigger registrations_release before insert on registrations
            for each row execute function name_release();
    """,
    "opendays/store/migrations/9002_post_release_filled.sql": """
        update registrations set release = 1 where release is null;
    """,
    # By itself: a transaction that has changed rows must not then wait for the whole table.
    "opendays/store/migrations/9003_post_release_strict.sql": """
        alter table registrations alter column release set not null;
        drop trigger registrations_release on registrations;
        drop function name_release();
    """,
    "calendar/store/migrations/9001_pre_release.sql": """
        alter table registrations add column release int not null default 0;
        alter table registrations add column read_by int not null default 1;
    """,
    "calendar/store/migrations/9002_post_release.sql": """
        alter table registrations alter column read_by drop default;
        alter table registrations alter column release drop default;
    """,
}


def next_release(folder: Path) -> None:
    """Lay the change over a copy of the packages."""
    for package in (kaimen.contracts, kaimen.opendays, kaimen.calendar):
        source = Path(next(iter(package.__path__)))
        root = "contracts" if package is kaimen.contracts else "services"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / root / "kaimen" / source.name, ignore=ignored)
    for name, before, after in EDITS:
        path = folder / name
        text = path.read_text("utf-8")
        assert text.count(before) == 1, (name, before)
        path.write_text(text.replace(before, after), "utf-8")
    for name, sql in MIGRATIONS.items():
        (folder / "services" / "kaimen" / name).write_text(sql, "utf-8")


def next_release_environment(folder: Path) -> dict[str, str]:
    """In which a process runs the newer release: its packages are found first."""
    return {"PYTHONPATH": os.pathsep.join(str(folder / root) for root in ("contracts", "services"))}


@asynccontextmanager
async def open_town(folder: Path, *, streams: bool = True) -> AsyncIterator[Town]:
    """Servers on this machine and no service yet; without `streams` PostgreSQL alone."""
    log = Log(folder / "log" / "services.log")
    async with AsyncExitStack() as closing:
        closing.callback(log.close)
        servers = await closing.enter_async_context(Embedded(folder, nats=streams, valkey=streams))
        for name in NAMES:
            await servers.postgres.create_database(name)
        databases = {name: servers.postgres.url(name) for name in NAMES}
        if not streams:
            yield Town(folder, log, databases, [], {})
            return
        ports = Ports(folder / "state.json", in_use=True)
        accounts = f"http://{ADDRESS}:{ports.of('accounts@old')}"
        shared = {"NATS_URL": servers.nats.url, "REDIS_URL": servers.valkey.url, "ACCOUNTS_URL": accounts}
        town = Town(folder, log, databases, [servers.nats.url], shared)
        closing.push_async_callback(town.stop)
        for name, releases in RELEASES.items():
            for release in releases:
                title = f"{name}@{release}"
                more = next_release_environment(folder) if release == "new" else {}
                env = town.settings(name, ADDRESS, ports.of(title), DATABASE_URL=databases[name]) | more
                town.add_copy(title, name, env, f"http://{ADDRESS}:{ports.of(title)}")
        upstreams = {
            name: [f"{ADDRESS}:{ports.of(f'{name}@{release}')}" for release in releases]
            for name, releases in RELEASES.items()
        }
        opened = door(ports.of("door"), upstreams, folder, log)
        closing.push_async_callback(opened.stop)
        await opened.start()
        url = f"http://{ADDRESS}:{ports.of('door')}"
        town.client = httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)
        yield town


async def migrate_at_once(town: Town, *arguments: str) -> None:
    """By several processes of the newer release, each told the same."""
    env = next_release_environment(town.folder)
    await asyncio.gather(*(town.migrate(*arguments, env=env) for _ in range(AT_ONCE)))


async def applied(town: Town, name: str) -> set[str]:
    """Names of the migration files of a database."""
    database = await town.database(name)
    try:
        return {row["name"] for row in await database.fetch("select name from schema_migrations")}
    finally:
        await database.close()


async def test_each_phase_applies_its_own_files_once_however_many_processes_ask(tmp_path: Path) -> None:
    next_release(tmp_path)
    async with open_town(tmp_path, streams=False) as town:
        await migrate_at_once(town, "--phase", "pre", "opendays", "calendar")
        before = {name: await applied(town, name) for name in ("opendays", "calendar")}
        assert all("_pre_" in file for files in before.values() for file in files)
        assert "kaimen.opendays.store/9001_pre_release.sql" in before["opendays"]
        await migrate_at_once(town, "--phase", "post", "opendays", "calendar")
        after = {name: await applied(town, name) for name in ("opendays", "calendar")}
        added = {name: {file.split("/")[1] for file in after[name] - before[name]} for name in after}
        assert added == {
            "opendays": {"9002_post_release_filled.sql", "9003_post_release_strict.sql"},
            "calendar": {"0005_post_month_parts.sql", "9002_post_release.sql"},
        }
        done = Counter(log_lines(town, "migrated", "migration"))
        assert done == Counter(file for files in after.values() for file in files)
        assert done.most_common(1)[0][1] <= len(after), "units and kit stand in both databases, everything else in one"


def log_lines(town: Town, event: str, field: str) -> list[str]:
    """What the processes logged under `field` with each `event`."""
    found = []
    for line in town.log.path.read_text("utf-8").splitlines():
        _, brace, rest = line.partition("{")
        if f'"event": "{event}"' in line and brace:
            found.append(json.loads(brace + rest)[field])
    return found


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_old_and_new_run_side_by_side_and_nothing_is_lost(tmp_path: Path, number: int) -> None:
    next_release(tmp_path)
    async with open_town(tmp_path) as town:
        await town.migrate(*NAMES)
        old = [town.copies[f"{name}@old"] for name in NAMES]
        await asyncio.gather(*(copy.start() for copy in old))
        _, session_id = await open_session(await unit_desk(town))
        crowd = Crowd(town, session_id)
        async with crowd.at_work(callers=4):
            await crowd.more()
            await migrate_at_once(town, "--phase", "pre", "opendays", "calendar")
            assert await town.ask("opendays", STRICT) is False
            await crowd.more()
            await asyncio.gather(*(town.copies[f"{name}@new"].start() for name in UPGRADED))
            await until(lambda: all_met(town), seconds=60)
            beside = crowd.repeated
            await asyncio.gather(*(town.copies[f"{name}@old"].stop() for name in UPGRADED))
            await crowd.more()
            ended = crowd.repeated - beside
            await migrate_at_once(town, "--phase", "post", "opendays", "calendar")
            assert await town.ask("opendays", STRICT) is True
            await crowd.more()
        met = await meetings(town)
        print(f"{crowd.told()}; {ended} repeated while the old copies ended; (said by, read by): {dict(met)}")
        crowd.must_have_been_answered_honestly()
        await must_be_whole(town, session_id, crowd)
        await must_have_been_read_as_they_were_said(town)


async def meetings(town: Town) -> Counter[tuple[int, int]]:
    """How many registrations a release has said and a release has read first."""
    database = await town.database("calendar")
    try:
        rows = await database.fetch("select id, read_by from registrations")
    finally:
        await database.close()
    said = dict(await first_facts(town))
    return Counter((said[row["id"]], row["read_by"]) for row in rows)


async def first_facts(town: Town) -> list[tuple[Any, int]]:
    """Each registration, and the release whose fact was its first."""
    database = await town.database("opendays")
    try:
        rows = await database.fetch(FIRST_FACTS)
    finally:
        await database.close()
    return [(row["id"], row["release"]) for row in rows]


async def all_met(town: Town) -> bool:
    met = await meetings(town)
    return all(met[said, read] >= 5 for said in (1, 2) for read in (1, 2))


async def must_have_been_read_as_they_were_said(town: Town) -> None:
    """The older release reads the newer one's facts without the field; the newer one takes the default for the older
    one's, and the field where it is said."""
    said = dict(await first_facts(town))
    database = await town.database("calendar")
    try:
        rows = await database.fetch("select id, read_by, release from registrations")
    finally:
        await database.close()
    assert {(said[row["id"]], row["read_by"], row["release"]) for row in rows} == {
        (1, 1, 0), (2, 1, 0), (1, 2, 1), (2, 2, 2),
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_fact_with_fields_of_a_later_release_is_read(path: Path) -> None:
    shape = BY_SUBJECT[path.parent.name]
    said = path.read_bytes()
    later = msgspec.json.encode(with_more(json.loads(said)))
    assert later.count(LATER.encode()) >= 1
    assert msgspec.json.decode(later, type=shape) == msgspec.json.decode(said, type=shape)


def with_more(value: Any) -> Any:
    """The same, with a further field in every object."""
    if isinstance(value, list):
        return [with_more(each) for each in value]
    if isinstance(value, dict):
        return {key: with_more(each) for key, each in value.items()} | {LATER: {"of": ["any", 1, None]}}
    return value
