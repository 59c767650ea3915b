"""What is full, for the metrics."""

import prometheus_client

from kaimen.kit.work import Work
from kaimen.opendays.store.repository import Repository

FULL = prometheus_client.Gauge("kaimen_sessions_full", "Sessions to come that have no seat left", ["unit"])
WAITING = prometheus_client.Gauge("kaimen_sessions_waiting", "Sign-ups that wait for a seat in one to come", ["unit"])


async def measure(work: Work) -> None:
    fullness = await Repository(work.connection).fullness(work.at)
    FULL.clear()
    WAITING.clear()
    for each in fullness:
        FULL.labels(each.unit).set(each.full)
        WAITING.labels(each.unit).set(each.waiting)
