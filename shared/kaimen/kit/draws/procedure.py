"""The steps of a public draw, each in the transaction of whoever takes it."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.kit import lots
from kaimen.kit.crypto import Vault
from kaimen.kit.draws import RULES_BEFORE_CLOSING_DAYS
from kaimen.kit.draws.refusals import (
    BadDrawRules,
    BadNumbers,
    NobodyLeft,
    NoSuchDraw,
    NotCommitted,
    NotInDraw,
    NotYetPublished,
    NumbersDiffer,
    PoolTooSmall,
    QuotasContradict,
    RulesTooLate,
    SecondDrawNeedsReason,
    SignUpStillOpen,
    WrongDrawState,
)
from kaimen.kit.draws.store import Draw, Kind, Store, Typed
from kaimen.kit.work import Forbidden, Role, Work

TYPISTS: frozenset[Role] = frozenset({"office", "unit_lead", "presider", "notary"})
"""Who may type public numbers."""
COMPUTE = "compute-draw"
"""Timer kind; see `computing`."""
COMPUTE_AGAIN = timedelta(seconds=90)
"""After so long without a word from whoever computes, another begins anew."""


@cache
def verifier_sha256() -> str:
    """The hash of the verifier that is served beside every draw."""
    return sha256(files("kaimen.kit.lots").joinpath("verifier", "kaimen_verify.py").read_bytes()).hexdigest()


class Draws:
    """The public draws of one service, in one unit of work."""

    def __init__(self, work: Work, vault: Vault) -> None:
        self.work = work
        self.store = Store(work.connection)
        self._vault = vault

    async def latest(self, subject: str) -> Draw:
        """Raises NoSuchDraw."""
        draws = await self.store.all_of(subject)
        if not draws:
            raise NoSuchDraw
        return draws[-1]

    async def locked(self, subject: str) -> Draw:
        """The latest draw; nobody else moves it meanwhile. Raises NoSuchDraw."""
        draw = await self.store.locked((await self.latest(subject)).id)
        assert draw is not None
        return draw

    async def publish_rules(self, subject: str, kind: Kind, rules: dict[str, Any], closes_at: datetime) -> Draw:
        """The first draw of a subject. Raises RulesTooLate."""
        if closes_at < self.work.at + timedelta(days=RULES_BEFORE_CLOSING_DAYS):
            raise RulesTooLate(days=RULES_BEFORE_CLOSING_DAYS, field="closes_at")
        return await self._add(subject, kind, 1, rules, "")

    async def publish_second_rules(self, subject: str, rules: dict[str, Any], reason: str) -> Draw:
        """A further draw from the same frozen pool; the earlier one stays visible. `rules` must name it and why."""
        earlier = await self.locked(subject)
        if not reason.strip():
            raise SecondDrawNeedsReason(field="reason")
        draw = await self._add(subject, earlier.kind, earlier.number + 1, rules, reason)
        if earlier.pool is not None:
            openings = self._reseal(earlier, draw)
            draw = replace(draw, state="closed", pool=earlier.pool, closed_at=earlier.closed_at, openings=openings)
            await self.store.save(draw)
        if earlier.state != "drawn":
            await self.store.save(replace(earlier, state="void"))
        return draw

    def _reseal(self, earlier: Draw, draw: Draw) -> bytes | None:
        return self._seal(draw, self.openings(earlier)) if earlier.openings is not None else None

    async def _add(self, subject: str, kind: Kind, number: int, rules: dict[str, Any], reason: str) -> Draw:
        draw = Draw(
            id=self.work.new_id(),
            subject=subject,
            kind=kind,
            number=number,
            state="ruled",
            reason=reason,
            rules=lots.canonical(rules),
            ruled_at=self.work.at,
        )
        await self.store.add(draw)
        await self.work.record("publish-draw-rules", subject, after="ruled", reason=reason or None)
        return draw

    async def close(self, draw: Draw, pool: Sequence[lots.Person] | Sequence[lots.Party]) -> Draw:
        """Freeze the pool and publish it. With no more people than seats nothing is drawn: the draw is void."""
        self._must_be(draw, "ruled")
        rules = rules_of(draw)
        if self.work.at < datetime.fromisoformat(rules.closes_at):
            raise SignUpStillOpen
        openings: bytes | None = None
        state = "closed"
        if isinstance(rules, lots.Rules):
            people = [each for each in pool if isinstance(each, lots.Person)]
            salts = {person.pseudonym: secrets.token_hex(32) for person in people}
            concealed = lots.conceal(people, rules.min_shared, salts)
            rows = concealed.pool
            openings = self._seal(draw, concealed.openings)
            state = "closed" if len(people) > rules.k else "void"
        else:
            rows = lots.order_pool(rules, [each for each in pool if isinstance(each, lots.Party)])
        closed = replace(draw, state=state, pool=lots.canonical(rows), openings=openings, closed_at=self.work.at)
        await self._save(draw, closed, "close-draw")
        return closed

    async def begin_commitment(self, draw: Draw) -> Draw:
        """Have the panels computed; the commitment is published when they are there."""
        if draw.state == "void":
            rules = rules_of(draw)
            assert isinstance(rules, lots.Rules)
            raise PoolTooSmall(people=len(pool_of(draw)), seats=rules.k)
        if draw.state == "ruled":
            raise SignUpStillOpen
        self._must_be(draw, "closed")
        computing = replace(draw, state="computing", progress="")
        await self._save(draw, computing, "compute-draw")
        await self.work.set_timer(COMPUTE, str(draw.id), self.work.at)
        return computing

    async def commit(self, draw: Draw, commitment: dict[str, Any]) -> Draw:
        """Publish the commitment: from now on everybody knows their chance, and nobody the outcome."""
        self._must_be(draw, "computing")
        return await self._publish_commitment(draw, commitment)

    async def commit_order(self, draw: Draw) -> Draw:
        """The same for an order: two hashes, for which nothing has to be computed beforehand."""
        self._must_be(draw, "closed")
        rules = rules_of(draw)
        assert isinstance(rules, lots.OrderRules)
        return await self._publish_commitment(draw, lots.order_commit(rules, pool_of(draw)))

    async def _publish_commitment(self, draw: Draw, commitment: dict[str, Any]) -> Draw:
        committed = replace(
            draw, state="committed", commitment=lots.canonical(commitment), committed_at=self.work.at, progress=""
        )
        await self._save(draw, committed, "commit-draw")
        return committed

    async def give_up(self, draw: Draw, why: str) -> Draw:
        """The panels could not be computed: back to the closed pool, and the reason is kept for the desk."""
        failed = replace(draw, state="closed", progress=why)
        await self._save(draw, failed, "compute-draw-failed")
        return failed

    async def type_numbers(self, draw: Draw, unit: str, values: Mapping[str, str]) -> Draw:
        """One person types the public numbers; when a second one has typed the same, the draw is made.

        Raises Forbidden for who may not type for `unit`, NotCommitted, BadNumbers, NumbersDiffer,
        SecondDrawNeedsReason."""
        actor = self.work.actor
        if actor.role not in TYPISTS or (actor.role == "unit_lead" and actor.unit != unit):
            raise Forbidden
        if draw.state == "drawn":
            raise SecondDrawNeedsReason(field="reason")
        if draw.state != "committed":
            raise NotCommitted
        rules = rules_of(draw)
        try:
            entropy = lots.entropy_text(rules.entropy, values)
        except lots.BadEntropy as bad:
            raise BadNumbers(zh=bad.zh, en=bad.en, field=f"entropy.{bad.source}") from None
        me = actor.subject
        others = [typed for typed in await self.store.numbers(draw.id) if typed.typed_by != me]
        if any(typed.entropy != entropy for typed in others):
            raise NumbersDiffer(field=f"entropy.{_first_difference(entropy, others[0].entropy)}")
        await self.store.type_numbers(draw.id, me, self.work.at, entropy)
        await self.work.record("type-public-numbers", draw.subject)
        return await self._make(draw, entropy) if others else draw

    async def _make(self, draw: Draw, entropy: str) -> Draw:
        rules, pool, commitment = rules_of(draw), pool_of(draw), _document(draw.commitment)
        if isinstance(rules, lots.Rules):
            made = lots.draw(pool, commitment, entropy)
        else:
            made = lots.uniform_order(rules, pool, commitment, entropy)
        drawn = replace(
            draw,
            state="drawn",
            drawn=lots.canonical(made),
            drawn_at=self.work.at,
            replacements=lots.canonical([]) if draw.kind == "panels" else None,
        )
        await self._save(draw, drawn, "draw")
        return drawn

    async def replace(self, draw: Draw, vacant: Sequence[str]) -> tuple[Draw, list[str]]:
        """Fill all vacancies at once; who was chosen. Raises NobodyLeft."""
        self._must_be(draw, "drawn")
        if not vacant:
            raise NobodyLeft
        filled = lots.replace(transcript_of(draw), sorted(vacant), self.openings(draw))
        steps = [*_document(draw.replacements), filled]
        replaced = replace(draw, replacements=lots.canonical(steps))
        await self._save(draw, replaced, "replace-drawn")
        return replaced, list(filled["chosen"])

    async def typed(self, draw: Draw) -> list[Typed]:
        """What has been typed so far, and by whom."""
        return await self.store.numbers(draw.id)

    def openings(self, draw: Draw) -> tuple[lots.Opening, ...]:
        """What the hidden rows say; for the person, the notary and two observers."""
        if draw.openings is None:
            return ()
        return self._vault.open(draw.openings, tuple[lots.Opening, ...], unit="draws", place=_place(draw.id))

    def _seal(self, draw: Draw, openings: Sequence[lots.Opening]) -> bytes:
        return self._vault.seal(list(openings), unit="draws", place=_place(draw.id))

    async def _save(self, before: Draw, after: Draw, action: str) -> None:
        await self.store.save(after)
        await self.work.record(action, after.subject, before=before.state, after=after.state)

    def _must_be(self, draw: Draw, *states: str) -> None:
        if draw.state not in states:
            raise WrongDrawState(state=draw.state)


def checked_rules(rules: lots.Rules | lots.OrderRules) -> dict[str, Any]:
    """The document of `rules`. Raises BadDrawRules with the field that is wrong."""
    try:
        return lots.rules_document(rules) if isinstance(rules, lots.Rules) else lots.order_rules_document(rules)
    except lots.BadRules as bad:
        raise BadDrawRules(zh=bad.zh, en=bad.en, field=bad.path.strip("/").replace("/", ".")) from None


def must_be_possible(rules: lots.Rules, people: Sequence[lots.Person]) -> None:
    """Raises QuotasContradict, which says which quotas and the nearest ones that can be met."""
    explanation = lots.explain_quotas(people, rules.quotas, rules.k)
    if explanation is not None:
        no = lots.QuotasContradict(explanation)
        raise QuotasContradict(zh=no.zh, en=no.en, field="quotas")


def rules_of(draw: Draw) -> lots.Rules | lots.OrderRules:
    return msgspec.json.decode(draw.rules, type=lots.Rules if draw.kind == "panels" else lots.OrderRules)


def pool_of(draw: Draw) -> list[Any]:
    return _document(draw.pool)


def transcript_of(draw: Draw) -> dict[str, Any]:
    """Everything that was published, in one document that anybody can verify. Raises NotYetPublished."""
    if draw.drawn is None:
        raise NotYetPublished
    parts = {
        "version": 1,
        "rules": _document(draw.rules),
        "pool": _document(draw.pool),
        "commitment": _document(draw.commitment),
        "draw": _document(draw.drawn),
    }
    if draw.kind == "order":
        return parts | {"kind": "order"}
    return parts | {"replacements": _document(draw.replacements)}


def transcript_hash(draw: Draw) -> str:
    """How a second draw names the first one: the hash of its transcript, or of its rules where nothing was drawn."""
    said = transcript_of(draw) if draw.drawn is not None else {"rules": _document(draw.rules)}
    return sha256(lots.canonical(said)).hexdigest()


def published(draw: Draw, name: str) -> bytes:
    """`rules`, `pool`, `commitment`, `draw` or `transcript` as it was published. Raises NotYetPublished."""
    if name == "transcript":
        return lots.canonical(transcript_of(draw))
    document = {"rules": draw.rules, "pool": draw.pool, "commitment": draw.commitment, "draw": draw.drawn}[name]
    if document is None:
        raise NotYetPublished
    return document


def holders_of(draw: Draw) -> list[str]:
    """Who holds a seat now, after all replacements."""
    if draw.drawn is None:
        return [row[0] for row in pool_of(draw)] if draw.state == "void" and draw.pool is not None else []
    return lots.seated({"draw": _document(draw.drawn), "replacements": _document(draw.replacements)})


def chance_of(draw: Draw, pseudonym: str) -> tuple[int, int]:
    """In how many of how many equally likely panels somebody sits. Raises NotYetPublished, NotInDraw."""
    if draw.commitment is None:
        raise NotYetPublished
    if pseudonym not in {row[0] for row in pool_of(draw)}:
        raise NotInDraw
    chance = lots.chance(_document(draw.commitment), pseudonym)
    return chance.panels, chance.m


def _document(octets: bytes | None) -> Any:
    assert octets is not None
    return msgspec.json.decode(octets)


def _place(id: UUID) -> str:
    return f"draws/{id}/openings"


def _first_difference(mine: str, theirs: str) -> str:
    """The id of the first source on which two texts differ."""
    for one, other in zip(mine.split("/"), theirs.split("/"), strict=False):
        if one != other:
            return one.partition("=")[0]
    return ""
