"""What is not delivered, for the metrics."""

from typing import get_args

import prometheus_client

from kaimen.kit.work import Work
from kaimen.notices.store.repository import MessageState, Repository

MESSAGES = prometheus_client.Gauge("kaimen_messages", "Messages of the log, by state", ["state"])
OLDEST_DUE = prometheus_client.Gauge(
    "kaimen_message_oldest_due_seconds", "Since when the longest of those that should be sent is due"
)


async def measure(work: Work) -> None:
    store = Repository(work.connection)
    counted = await store.counts(None)
    for state in get_args(MessageState):
        MESSAGES.labels(state).set(counted.get(state, 0))
    OLDEST_DUE.set(await store.oldest_due_seconds(work.at))
