"""Rate limits: a token bucket in Redis shared by all workers, and a local one while Redis is away."""

import ipaddress
import time
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kaimen.kit.refusals import Kind, refusal

TooMany = refusal(
    "kit.too-many-requests", Kind.TOO_MANY, "请求过于频繁，请稍后再试。", "Too many requests; try again later."
)

# One atomic step (Redis runs a script alone), so that several workers cannot let more through together.
_BUCKET = """
local tokens = tonumber(redis.call('hget', KEYS[1], 't') or ARGV[1])
local at = tonumber(redis.call('hget', KEYS[1], 'a') or ARGV[3])
tokens = math.min(tonumber(ARGV[1]), tokens + (tonumber(ARGV[3]) - at) * tonumber(ARGV[2]))
local taken = 0
if tokens >= 1 then tokens = tokens - 1; taken = 1 end
redis.call('hset', KEYS[1], 't', tokens, 'a', ARGV[3])
redis.call('expire', KEYS[1], 3600)
return taken
"""


class Limiter:
    """`await limiter.take("lookup", address, per_minute=20)` raises TooMany. Loopback callers are our own programs."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=0.3, socket_connect_timeout=0.3)
        self._script = self._redis.register_script(_BUCKET)
        self._local: dict[str, tuple[float, float]] = {}

    async def take(self, purpose: str, address: str, *, per_minute: int) -> None:
        with suppress(ValueError):
            if ipaddress.ip_address(address).is_loopback:
                return
        key = f"kaimen:limit:{purpose}:{address}"
        now = time.time()
        try:
            allowed = await self._script(keys=[key], args=[per_minute, per_minute / 60, now])
        except (RedisError, OSError, TimeoutError):
            allowed = self._take_locally(key, per_minute, now)
        if not allowed:
            raise TooMany

    def _take_locally(self, key: str, per_minute: int, now: float) -> bool:
        if len(self._local) > 10_000:
            self._local.clear()
        tokens, at = self._local.get(key, (float(per_minute), now))
        tokens = min(float(per_minute), tokens + (now - at) * per_minute / 60)
        self._local[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    async def ping(self) -> bool:
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        with suppress(RedisError, OSError):
            await self._redis.aclose()
