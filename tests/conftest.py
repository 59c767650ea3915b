"""The house that most tests share."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings

from houses import Desk, House, open_house

# How long an example takes says how busy the machine is, and nothing about the rule.
settings.register_profile("kaimen", deadline=None)
settings.load_profile("kaimen")


@pytest.fixture(scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One seeded house for all tests of a run that do not break it."""
    async with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def real_time(request: pytest.FixtureRequest) -> Any:
    """Whoever moved the clock of the shared house finds it put back."""
    yield
    if "house" in request.fixturenames:
        request.getfixturevalue("house").shift_clock(timedelta())


@pytest.fixture(scope="session")
async def desk(house: House) -> Desk:
    writer = await house.token("unit_editor", "区教育局", "经办")
    return Desk(house, writer, await house.token("unit_lead", "区教育局", "负责人"))
