"""What 50,000 opinions cost: their import, the matrix, the report; beside the same rows written by PostgreSQL alone.

Prints a table and asserts nothing. `python -m bench.opinions`."""

import asyncio
import csv
import io
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from component.test_accounts import SESSION, sign_in
from component.test_adoption import UNIT, UNUSED, Bureau
from component.test_representatives import open_town
from kaimen.kit.http import BODY_LIMIT

OPINIONS, GROUPS = 50_000, 1_000
TEXTS = Path(__file__).parent.parent / "data" / "opinions" / "vtaiwan_uberx_comments.csv"


def sheet() -> bytes:
    """Real sentences, each made different by a number."""
    with TEXTS.open(encoding="utf-8") as file:
        texts = [row["comment-body"][:50] for row in csv.DictReader(file)]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["意见", "渠道", "条款"])
    table.writerows([f"{n} {texts[n % len(texts)]}", "书面征求意见", "1"] for n in range(OPINIONS))
    data = written.getvalue().encode()
    assert len(data) < BODY_LIMIT
    return data


async def timed(what: Awaitable[Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return await what, time.perf_counter() - started


async def by_database_alone(bureau: Bureau, consultation: dict[str, Any]) -> float:
    """Seconds in which the same server copies these rows within itself, indexes and all."""
    database: asyncpg.Connection = await bureau.house.database("adoption")
    try:
        copy = """insert into opinions select gen_random_uuid(), consultation_id, no + 100000, received_on, received_at,
            channel, passage, text, fingerprint, submitter_kind, contact, receipt_hash
            from opinions where consultation_id = $1"""
        async with _undone(database):
            _, seconds = await timed(database.execute(copy, UUID(consultation["id"])))
        return seconds
    finally:
        await database.close()


@asynccontextmanager
async def _undone(database: asyncpg.Connection) -> AsyncIterator[None]:
    transaction = database.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_town(Path(folder), "accounts,adoption,calendar,portal") as house:
            house.client.timeout = 120
            bureau = Bureau(house)
            consultation = await bureau.opened()
            answer, seconds = await timed(bureau.upload(consultation, sheet()))
            assert answer.json()["rows"] == OPINIONS, answer.text
            alone = await by_database_alone(bureau, consultation)
            print(f"import      {OPINIONS / seconds:>10,.0f} /s  = {alone / seconds:.2f} × PostgreSQL copying the rows")
            bureau.over()
            size = OPINIONS // GROUPS
            for first in range(1, OPINIONS, size):
                group = await bureau.group(consultation, list(range(first, first + size)))
                await bureau.reply(group, "partly", "部分合理，已吸收。")
            staff = await bureau.staff()
            _, seconds = await timed(bureau.get(f"/consultations/{consultation['id']}/matrix", staff))
            print(f"matrix      {seconds * 1000:>10,.0f} ms, {GROUPS:,} groups")
            cookie = {"Cookie": f"{SESSION}={await sign_in(house, **{'as': 'unit_editor', 'unit': UNIT})}"}
            page = f"/desk/consultations/{consultation['id']}/matrix"
            shown, seconds = await timed(house.client.get(page, headers=cookie))
            assert shown.status_code == 200, shown.text
            print(f"its page    {seconds * 1000:>10,.0f} ms, {len(shown.content):,} bytes")
            unused = [channel for channel in UNUSED if channel != "written"]
            report, drafting = await timed(bureau.report(consultation, not_used=unused))
            report, approving = await timed(bureau.approved(report))
            id = report["line"]["report_id"]
            _, publishing = await timed(bureau.post(f"/reports/{id}/publish"))
            _, reading = await timed(bureau.get(f"/reports/{id}"))
            for name, seconds in (
                ("draft", drafting),
                ("approve", approving),
                ("publish", publishing),
                ("read", reading),
            ):
                print(f"{name:<11} {seconds * 1000:>10,.0f} ms")


if __name__ == "__main__":
    asyncio.run(measure())
