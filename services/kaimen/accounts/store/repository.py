"""Rows to domain objects and back."""

import hashlib
from datetime import datetime
from typing import Any

from kaimen.accounts.domain import Session, Unit
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries

queries = load_queries("kaimen.accounts.store")


def hash_secret(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Repository:
    """Accounts within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    async def units(self) -> list[Unit]:
        return [Unit(**row) for row in await self._db.fetch(queries.list_units)]

    async def unit(self, short_name: str) -> Unit | None:
        row = await self._db.fetchrow(queries.read_unit, short_name)
        return Unit(**row) if row else None

    async def save_unit(self, unit: Unit) -> None:
        values = [getattr(unit, name) for name in Unit.__struct_fields__]
        await self._db.execute(queries.save_unit, *values)

    async def save_grant(self, issuer: str, subject: str, role: str, unit: str | None, at: datetime, by: str) -> None:
        await self._db.execute(queries.save_grant, issuer, subject, role, unit, at, by)

    async def grant(self, issuer: str, subject: str) -> tuple[Any, str | None] | None:
        row = await self._db.fetchrow(queries.read_grant, issuer, subject)
        return (row["role"], row["unit"]) if row else None

    async def add_sign_in(self, state: str, nonce: str, verifier: str, next_path: str, at: datetime) -> None:
        await self._db.execute(queries.add_sign_in, hash_secret(state), nonce, verifier, next_path, at)

    async def take_sign_in(self, state: str) -> dict[str, Any] | None:
        """Once: a second use of the same state finds nothing."""
        row = await self._db.fetchrow(queries.take_sign_in, hash_secret(state))
        return dict(row) if row else None

    async def add_session(self, token: str, session: Session) -> None:
        await self._db.execute(
            queries.add_session, hash_secret(token), session.subject, session.name, session.role, session.unit,
            session.created_at,
        )  # fmt: skip

    async def session(self, token: str) -> Session | None:
        row = await self._db.fetchrow(queries.read_session, hash_secret(token))
        return Session(**row) if row else None

    async def touch_session(self, token: str, at: datetime) -> None:
        await self._db.execute(queries.touch_session, hash_secret(token), at)

    async def end_session(self, token: str) -> None:
        await self._db.execute(queries.end_session, hash_secret(token))

    async def end_sessions_of(self, subject: str) -> None:
        await self._db.execute(queries.end_sessions_of, subject)

    async def forget(self, sign_ins_before: datetime, sessions_before: datetime) -> None:
        await self._db.execute(queries.forget_sign_ins, sign_ins_before)
        await self._db.execute(queries.forget_sessions, sessions_before)
