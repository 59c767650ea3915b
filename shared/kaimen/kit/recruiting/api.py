"""Recruitments over HTTP: the same addresses in every service that recruits."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from kaimen.contracts.contacts import ContactsWanted
from kaimen.kit import lots
from kaimen.kit.auth import PUBLIC, SERVICES, SIGNED_IN, STAFF, allow
from kaimen.kit.draws.api import DrawView, Numbers, document_handlers, draw_view
from kaimen.kit.draws.procedure import TYPISTS, chance_of
from kaimen.kit.draws.refusals import NoSuchDraw, NotInDraw, NotYetPublished
from kaimen.kit.draws.store import Draw
from kaimen.kit.http import OnEdge, Page, json_response, refuse_nul
from kaimen.kit.people import Proof
from kaimen.kit.recruiting.contacts import read_contacts
from kaimen.kit.recruiting.procedure import (
    NewApplication,
    Receipt,
    Recruiting,
    SecondDraw,
    Selection,
    Verification,
    draw_subject,
)
from kaimen.kit.recruiting.rules import (
    Application,
    ApplicationState,
    Method,
    Occasion,
    PersonKind,
    Quotas,
    Recruitment,
    RecruitmentState,
)
from kaimen.kit.service import Resources
from kaimen.kit.work import Role, Work

T = TypeVar("T")
MAY_OPEN: frozenset[Role] = frozenset({"office", "notary", "presider"})
"""Who may see what hidden rows say."""


class OccasionView(msgspec.Struct, frozen=True):
    """For what people are recruited; `page` is its address for people."""

    id: UUID
    unit: str
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    page: str


class RecruitmentView(msgspec.Struct, frozen=True, kw_only=True):
    """招募. `topics`: the titles of its items; `counts`: applications by state; `excluded`: by reason."""

    id: UUID
    occasion: OccasionView
    name: str
    items: tuple[UUID, ...]
    topics: tuple[str, ...]
    method: Method
    state: RecruitmentState
    taking_applications: bool
    seats: int
    quotas: Quotas
    opens_at: datetime
    closes_at: datetime
    eligibility: tuple[str, ...]
    criteria: str
    rotation_months: int
    one_per_household: bool
    contact: str
    certificate: dict[str, str]
    counts: dict[str, int]
    excluded: dict[str, int]
    draws: tuple[DrawView, ...]


class ListLine(msgspec.Struct, frozen=True):
    """One person, as published: the name is masked unless its owner consented."""

    pseudonym: str
    name: str
    kind: PersonKind
    how: Method
    state: ApplicationState
    reason: str


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """报名, for its holder. `chance`: in `in_panels` of `panels` equally likely panels; `opening`: what a hidden row
    of the pool says."""

    code: str
    pseudonym: str
    state: ApplicationState
    exclusion: str
    reason: str
    confirm_by: datetime | None
    in_panels: int | None
    panels: int | None
    opening: lots.Opening | None
    recruitment_id: UUID
    recruitment_name: str
    method: Method
    occasion: OccasionView
    contact: str


class StaffApplication(msgspec.Struct, frozen=True, kw_only=True):
    """报名, for staff who verify."""

    code: str
    pseudonym: str
    state: ApplicationState
    kind: PersonKind
    channel: str
    name: str
    phone: str
    features: dict[str, str]
    verified: dict[str, str] | None
    conflict: bool
    exclusion: str
    reason: str
    confirm_by: datetime | None
    created_at: datetime


def occasion_view(occasion: Occasion) -> OccasionView:
    return OccasionView(*(getattr(occasion, name) for name in OccasionView.__struct_fields__))


async def recruitment_view(recruiting: Recruiting, recruitment: Recruitment, occasion: Occasion) -> RecruitmentView:
    counts: dict[str, int] = {}
    excluded: dict[str, int] = {}
    for application in await recruiting.store.applications(recruitment.id):
        counts[application.state] = counts.get(application.state, 0) + 1
        if application.exclusion:
            excluded[application.exclusion] = excluded.get(application.exclusion, 0) + 1
    draws = await recruiting.draws.store.all_of(draw_subject(recruitment.id))
    shared = {
        name: getattr(recruitment, name) for name in RecruitmentView.__struct_fields__ if hasattr(recruitment, name)
    }
    return RecruitmentView(
        **shared,
        occasion=occasion_view(occasion),
        topics=tuple(
            title for id, title in occasion.topics.items() if id in recruitment.items or not recruitment.items
        ),
        taking_applications=recruitment.takes_applications(recruiting.work.at),
        counts=counts,
        excluded=excluded,
        draws=tuple([draw_view(draw, len(await recruiting.draws.typed(draw))) for draw in draws]),
    )


async def recruitment_views(recruiting: Recruiting, occasion: Occasion) -> tuple[RecruitmentView, ...]:
    """All recruitments of an occasion."""
    found = await recruiting.store.recruitments([occasion.id])
    return tuple([await recruitment_view(recruiting, each, occasion) for each in found])


async def application_view(recruiting: Recruiting, application: Application) -> ApplicationView:
    recruitment, occasion = await recruiting.recruitment(application.recruitment_id)
    chance: tuple[int, int] | tuple[None, None] = (None, None)
    opening = None
    try:
        draw = await recruiting.draws.latest(draw_subject(recruitment.id))
        opening = next((o for o in recruiting.draws.openings(draw) if o.pseudonym == application.pseudonym), None)
        chance = chance_of(draw, application.pseudonym)
    except (NoSuchDraw, NotYetPublished, NotInDraw):
        pass
    return ApplicationView(
        code=application.code,
        pseudonym=application.pseudonym,
        state=application.state,
        exclusion=application.exclusion,
        reason=application.reason,
        confirm_by=application.confirm_by,
        in_panels=chance[0],
        panels=chance[1],
        opening=opening,
        recruitment_id=recruitment.id,
        recruitment_name=recruitment.name,
        method=recruitment.method,
        occasion=occasion_view(occasion),
        contact=recruitment.contact,
    )


def staff_view(recruiting: Recruiting, occasion: Occasion, application: Application) -> StaffApplication:
    personal = recruiting.personal(occasion, application)
    shared = {
        name: getattr(application, name) for name in StaffApplication.__struct_fields__ if hasattr(application, name)
    }
    return StaffApplication(**shared, name=personal.name if personal else "", phone=personal.phone if personal else "")


async def list_lines(recruiting: Recruiting, recruitment: Recruitment, occasion: Occasion) -> list[ListLine]:
    """The public list. Raises NotYetPublished."""
    if recruitment.state != "settled" or not occasion.list_public:
        raise NotYetPublished
    return [
        ListLine(
            each.pseudonym, recruiting.public_name(occasion, each), each.kind, each.how, each.state, each.reason
        )
        for each in await recruiting.in_order(recruitment)
    ]  # fmt: skip


def proof_of(request: Request[Any, Any, Any], given: Proof | None = None) -> Proof:
    """The proof in the headers `X-Manage-Token` and `X-Phone`, or in the body."""
    given = given or Proof()
    headers = request.headers
    return Proof(
        given.manage_token or headers.get("x-manage-token", ""), given.phone or headers.get("x-phone", "")
    )  # fmt: skip


def handlers(resources: Resources, recruiting_of: Callable[[Work], Recruiting]) -> list[Any]:
    """The endpoints of recruitments, applications and invitations."""

    def step(use_case: Callable[[Recruiting], Awaitable[T]]) -> Callable[[Work], Awaitable[T]]:
        async def run(work: Work) -> T:
            return await use_case(recruiting_of(work))

        return run

    def change(
        edge: OnEdge,
        id: UUID,
        use_case: Callable[[Recruiting, Recruitment, Occasion], Awaitable[Any]],
        status: int = 200,
    ) -> Awaitable[Response[bytes]]:
        """Lock one's own recruitment, change it, show it."""

        async def run(recruiting: Recruiting) -> Response[bytes]:
            await use_case(recruiting, *await recruiting.own_recruitment(id))
            return json_response(await recruitment_view(recruiting, *await recruiting.recruitment(id)), status)

        return edge.change(step(run))

    @get("/recruitments/{recruitment_id:uuid}", opt=allow(PUBLIC))
    async def read_recruitment(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """招募: rules, window, how far the draw is."""

        async def run(recruiting: Recruiting) -> RecruitmentView:
            return await recruitment_view(recruiting, *await recruiting.recruitment(recruitment_id))

        return json_response(await edge.read(step(run)))

    @post("/recruitments/{recruitment_id:uuid}/applications", opt=allow(PUBLIC))
    async def apply(edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[NewApplication]) -> Response[bytes]:
        """报名. The pseudonym is the name under which one stands in the published pool."""
        await edge.limiter.take("apply", edge.address, per_minute=60)

        async def run(recruiting: Recruiting) -> Receipt:
            return await recruiting.apply(*await recruiting.recruitment(recruitment_id), data)

        return await edge.create(step(run))

    @get("/recruitments/{recruitment_id:uuid}/applications", opt=allow(STAFF))
    async def list_applications(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """报名名单, for the unit's own staff; reading it is recorded."""

        async def run(recruiting: Recruiting) -> Page:
            recruitment, occasion = await recruiting.own_recruitment(recruitment_id)
            await recruiting.work.record("read-applications", f"recruitment:{recruitment.id}")
            found = await recruiting.store.applications(recruitment_id)
            return Page([staff_view(recruiting, occasion, each) for each in found], None)

        return json_response(await edge.read(step(run)))

    @post("/applications/{code:str}/verify", opt=allow(STAFF), status_code=200)
    async def verify(edge: OnEdge, code: FromPath[str], data: JSONBody[Verification]) -> Response[bytes]:
        """核验: only verified features count in a draw."""
        refuse_nul(code)

        async def run(recruiting: Recruiting) -> StaffApplication:
            application = await recruiting.verify(code, data)
            _, occasion = await recruiting.recruitment(application.recruitment_id)
            return staff_view(recruiting, occasion, application)

        return json_response(await edge.change(step(run)))

    @post("/recruitments/{recruitment_id:uuid}/close", opt=allow(STAFF), status_code=200)
    async def close(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """截止并冻结名册."""
        return await change(edge, recruitment_id, Recruiting.close)

    @post("/recruitments/{recruitment_id:uuid}/commit", opt=allow(STAFF), status_code=202)
    async def commit(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """计算并公布承诺. Answered at once; `progress` of the draw says how far the computation is."""
        return await change(edge, recruitment_id, lambda r, recruitment, _: r.begin_commitment(recruitment), 202)

    @post("/recruitments/{recruitment_id:uuid}/draw", opt=allow(TYPISTS), status_code=200)
    async def draw(edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[Numbers]) -> Response[bytes]:
        """录入公开数字. Two people type them, each alone; with the second one the draw is made."""

        async def run(recruiting: Recruiting) -> Response[bytes]:
            await recruiting.type_numbers(*await recruiting.recruitment(recruitment_id, lock=True), data.entropy)
            return json_response(await recruitment_view(recruiting, *await recruiting.recruitment(recruitment_id)))

        return await edge.change(step(run))

    @post("/recruitments/{recruitment_id:uuid}/redraw", opt=allow(STAFF), status_code=200)
    async def redraw(edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[SecondDraw]) -> Response[bytes]:
        """再次抽签, with a written reason; the first draw stays visible."""
        return await change(
            edge, recruitment_id, lambda r, recruitment, occasion: r.draw_again(recruitment, occasion, data)
        )

    @post("/recruitments/{recruitment_id:uuid}/replace", opt=allow(STAFF), status_code=200)
    async def fill(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """递补全部空缺, by the committed rule."""
        return await change(edge, recruitment_id, Recruiting.fill_vacancies)

    @post("/recruitments/{recruitment_id:uuid}/selection", opt=allow(STAFF), status_code=200)
    async def select(edge: OnEdge, recruitment_id: FromPath[UUID], data: JSONBody[Selection]) -> Response[bytes]:
        """遴选、推荐、邀请或公证抽签的结果."""
        return await change(
            edge, recruitment_id, lambda r, recruitment, occasion: r.select(recruitment, occasion, data)
        )

    async def draws_of(work: Work, recruitment_id: UUID) -> Sequence[Draw]:
        recruiting = recruiting_of(work)
        await recruiting.recruitment(recruitment_id)
        return await recruiting.draws.store.all_of(draw_subject(recruitment_id))

    @get("/recruitments/{recruitment_id:uuid}/openings.json", opt=allow(SIGNED_IN))
    async def openings(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """隐藏行的内容, for the office, the presider and the notary; reading it is recorded."""

        async def run(recruiting: Recruiting) -> list[lots.Opening]:
            await recruiting.recruitment(recruitment_id)
            if edge.actor.role not in MAY_OPEN:
                edge.actor.must_act_for("")
            subject = draw_subject(recruitment_id)
            await recruiting.work.record("read-openings", subject)
            return list(recruiting.draws.openings(await recruiting.draws.latest(subject)))

        return json_response(await edge.read(step(run)))

    @get("/recruitments/{recruitment_id:uuid}/list", opt=allow(PUBLIC))
    async def read_list(edge: OnEdge, recruitment_id: FromPath[UUID]) -> Response[bytes]:
        """名单: who was selected, how, and whether they come; then the reserves in order."""

        async def run(recruiting: Recruiting) -> Page:
            return Page(await list_lines(recruiting, *await recruiting.recruitment(recruitment_id)), None)

        return json_response(await edge.read(step(run)))

    @get("/applications/{code:str}", opt=allow(PUBLIC))
    async def read_application(edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """查询报名, by code with the manage token in `X-Manage-Token` or the phone number in `X-Phone`."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)

        async def run(recruiting: Recruiting) -> ApplicationView:
            return await application_view(recruiting, await recruiting.holder(code, proof_of(request)))

        return json_response(await edge.read(step(run)))

    async def with_proof(
        edge: OnEdge,
        code: str,
        proof: Proof,
        use_case: Callable[[Recruiting, Application], Awaitable[Application]],
    ) -> Response[bytes]:
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(code)

        async def run(recruiting: Recruiting) -> Response[bytes]:
            changed = await use_case(recruiting, await recruiting.holder(code, proof))
            return json_response(await application_view(recruiting, changed))

        return await edge.change(step(run))

    @post("/applications/{code:str}/withdraw", opt=allow(PUBLIC), status_code=200)
    async def withdraw(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """撤回报名."""
        return await with_proof(edge, code, proof_of(request, data), Recruiting.withdraw)

    @post("/invitations/{code:str}/confirm", opt=allow(PUBLIC), status_code=200)
    async def confirm(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """确认参加."""
        return await with_proof(edge, code, proof_of(request, data), Recruiting.confirm)

    @post("/invitations/{code:str}/decline", opt=allow(PUBLIC), status_code=200)
    async def decline(
        edge: OnEdge, code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[Proof | None] = None
    ) -> Response[bytes]:
        """放弃参加."""
        return await with_proof(edge, code, proof_of(request, data), Recruiting.decline)

    @post("/internal/contacts", opt=allow(SERVICES), status_code=200, include_in_schema=False)
    async def contacts_of(edge: OnEdge, data: JSONBody[ContactsWanted]) -> Response[bytes]:
        """Whom applications concern: for the service that writes to people."""
        return json_response(await edge.read(step(lambda recruiting: read_contacts(recruiting, data.ids))))

    return [
        read_recruitment, apply, list_applications, verify, close, commit, draw, redraw, fill, select,
        *document_handlers("/recruitments/{subject_id:uuid}", draws_of), openings, read_list,
        read_application, withdraw, confirm, decline, contacts_of,
    ]  # fmt: skip
