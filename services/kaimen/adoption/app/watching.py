"""Who is late: how the clocks stand, for the metrics."""

from typing import get_args

import prometheus_client

from kaimen.adoption.app.desk import Desk
from kaimen.adoption.domain.clocks import SOON, WORKING_DAYS, Standing
from kaimen.kit.workdays.store import workdays

CLOCKS = prometheus_client.Gauge(
    "kaimen_clocks",
    "Legal deadlines: overdue and still owed, due within three working days, due later, met, met late, dropped",
    ["kind", "standing"],
)


async def measure(desk: Desk) -> None:
    soon = (await workdays(desk.work)).deadline(desk.today, SOON).not_before
    counted = await desk.store.count_clocks(desk.today, soon)
    for kind in WORKING_DAYS:
        for standing in get_args(Standing):
            CLOCKS.labels(kind, standing).set(counted.get((kind, standing), 0))
