"""A commitment takes a while to compute; whoever dies meanwhile is replaced, and nothing is published twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from component.test_representatives import DAY, Hall, known_units
from houses import House, open_house, until
from kaimen.kit.lots.verifier.kaimen_verify import verify

PEOPLE = 120
QUOTAS = {
    "性别": {"女": [7, 8], "男": [7, 8]},
    "年龄": {"青年": [4, 6], "中年": [4, 6], "老年": [4, 6]},
    "街镇": {
        name: [1, 2]
        for name in ("夏阳", "盈浦", "香花桥", "朱家角", "练塘", "金泽", "赵巷", "徐泾", "华新", "重固", "白鹤")
    },
}


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("draws")
    async with open_house(folder, "--only", "accounts,representatives", "--no-seed") as house:
        office = await house.token("office")
        unit = {"short_name": "区教育局", "kind": "bureau", "district": "310118"}
        assert (await house.client.put("/api/accounts/v1/units", json=unit, headers=office)).is_success
        await until(lambda: known_units(house))
        yield house


async def applicants(hall: Hall, recruitment: dict[str, str]) -> None:
    staff = await hall.staff()
    values = {feature: list(cells) for feature, cells in QUOTAS.items()}
    for number in range(PEOPLE):
        features = {
            feature: cells[number * (place + 1) % len(cells)] for place, (feature, cells) in enumerate(values.items())
        }
        receipt = await hall.apply(recruitment, number, features=features)
        await hall.post(f"/applications/{receipt['code']}/verify", {}, staff)


async def test_commitment_survives_the_death_of_whoever_computes_it(town: House) -> None:
    hall = Hall(town)
    recruitment = await hall.recruitment(await hall.meeting(20), seats=15, quotas=QUOTAS, panels=1000)
    await applicants(hall, recruitment)
    hall.wait_for(9 * DAY)
    path = f"/recruitments/{recruitment['id']}"
    await hall.closed(recruitment)
    assert (await hall.ask("POST", f"{path}/commit", None, await hall.staff())).status_code == 202

    async def computing() -> list[psutil.Process]:
        return town.processes("kaimen.kit.draws")

    for victim in await until(computing):
        victim.kill()
    await town.kill_service("representatives")
    assert (await hall.get(path))["draws"][-1]["state"] == "computing"
    hall.wait_for(timedelta(minutes=2))

    async def committed() -> bool:
        draw = (await hall.get(path))["draws"][-1]
        assert draw["state"] in ("computing", "committed"), draw["progress"]
        return draw["state"] == "committed"

    await until(committed, seconds=120)
    await hall.drawn(recruitment)
    transcript = await hall.get(f"{path}/transcript.json")
    assert await asyncio.to_thread(verify, transcript) == []
