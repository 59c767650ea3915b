"""Background loops that must not end."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

from kaimen.kit.logs import log


async def keep(what: str, work: Coroutine[Any, Any, None]) -> None:
    """A background loop that ends has failed: say so and end the process, so that the supervisor starts it afresh."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        log.error("background work failed", kind=what, exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)
