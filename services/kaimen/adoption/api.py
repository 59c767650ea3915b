"""Adoption over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, MultipartBody, QueryParameter

from kaimen.adoption.app import answering, attachments, consulting, deadlines, opinions, reporting, views
from kaimen.adoption.app.desk import AdoptionSettings, Desk
from kaimen.adoption.app.opinions import number_of
from kaimen.adoption.app.reporting import PublishedReport
from kaimen.adoption.app.views import OwnOpinion, ReportDesk
from kaimen.adoption.domain.attachments import MEDIA_TYPES, Attachment
from kaimen.adoption.domain.clocks import ClockKind, ClockState
from kaimen.adoption.domain.clusters import Cluster
from kaimen.adoption.domain.consultations import Consultation, Phase
from kaimen.adoption.domain.opinions import Opinion
from kaimen.adoption.domain.refusals import UnknownReport
from kaimen.adoption.domain.reports import State
from kaimen.adoption.store.repository import ClockFilter, ConsultationFilter, OpinionFilter, ReportFilter
from kaimen.contracts.adoption import Channel
from kaimen.contracts.contacts import AuthorsWanted
from kaimen.kit.auth import APPROVERS, OFFICE, PUBLIC, SERVICES, STAFF, allow
from kaimen.kit.http import (
    OnEdge,
    Page,
    Reason,
    as_it_is,
    changing,
    cursor_of,
    file_in,
    file_response,
    json_bytes,
    json_response,
    limit_of,
    read_cursor,
    read_day_cursor,
    refuse_nul,
    tag_of,
)
from kaimen.kit.photos import Darkroom
from kaimen.kit.problems import Malformed
from kaimen.kit.service import Resources
from kaimen.kit.work import Work

T = TypeVar("T")

Q = QueryParameter


def as_file(attachment: Attachment, body: bytes) -> Response[bytes]:
    return file_response(body, MEDIA_TYPES[attachment.kind], attachment.name)


async def whole(desk: Desk, consultation: Consultation) -> views.ConsultationView:
    received = await views.received_by_now(desk, [consultation])
    return views.consultation_view(desk, consultation, received.get(consultation.id, 0))


def handlers(resources: Resources) -> list[Any]:
    """The endpoints of this service."""
    settings = resources.settings
    assert isinstance(settings, AdoptionSettings)
    darkroom = Darkroom()

    def at_desk(use_case: Callable[[Desk], Awaitable[T]]) -> Callable[[Work], Awaitable[T]]:
        async def run(work: Work) -> T:
            return await use_case(Desk(work, resources.vault, settings))

        return run

    change_consultation = changing(at_desk, Desk.own_consultation, whole)
    change_cluster = changing(at_desk, answering.own_cluster, as_it_is)
    change_report = changing(at_desk, reporting.locked_report, views.report_desk)
    change_clock = changing(at_desk, deadlines.locked_clock, views.clock_view)

    # Consultations

    @post("/consultations", opt=allow(STAFF))
    async def plan(edge: OnEdge, data: JSONBody[consulting.ConsultationDraft]) -> Response[bytes]:
        """筹备征求意见: a draft, for its unit alone until the notice."""

        async def run(desk: Desk) -> views.ConsultationView:
            return await whole(desk, await consulting.plan(desk, data))

        return await edge.create(at_desk(run))

    @get("/consultations", opt=allow(PUBLIC))
    async def list_consultations(
        edge: OnEdge,
        state_: Annotated[Phase | None, Q(name="state")] = None,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        item: Annotated[UUID | None, Q(name="item")] = None,
        q: Annotated[str | None, Q(name="q", max_length=100)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """征求意见列表, the latest first. Staff see their unit's drafts too."""
        refuse_nul(unit, q, cursor)

        async def run(desk: Desk) -> Page:
            wanted = ConsultationFilter(
                unit=unit, state=state_, today=desk.today, text=q or None, item=item, after=read_day_cursor(cursor),
                limit=limit_of(limit) + 1, drafts_of=edge.actor.drafts_shown,
            )  # fmt: skip
            found = await desk.store.consultations(wanted)
            last = found[limit - 1] if len(found) > limit else None
            received = await views.received_by_now(desk, found[:limit])
            items = [views.consultation_view(desk, each, received.get(each.id, 0)) for each in found[:limit]]
            return Page(items, f"{last.opens_on}~{last.id}" if last else None)

        return json_response(await edge.read(at_desk(run)))

    @get("/consultations/{consultation_id:uuid}", opt=allow(PUBLIC))
    async def read_consultation(edge: OnEdge, consultation_id: FromPath[UUID]) -> Response[bytes]:
        """征求意见: notice, draft, explanation, channels, and how many opinions came so far."""

        async def run(desk: Desk) -> Response[bytes]:
            consultation = await desk.consultation(consultation_id)
            return json_response(await whole(desk, consultation), version=consultation.version)

        return await edge.read(at_desk(run))

    @patch("/consultations/{consultation_id:uuid}", opt=allow(STAFF))
    async def revise(
        edge: OnEdge, consultation_id: FromPath[UUID], data: JSONBody[consulting.ConsultationChange]
    ) -> Response[bytes]:
        """修改: a draft as a whole, afterwards more channels and background."""
        return await change_consultation(
            edge, consultation_id, lambda desk, found: consulting.change(desk, found, data)
        )

    @post("/consultations/{consultation_id:uuid}/open", opt=allow(STAFF), status_code=200)
    async def open_(edge: OnEdge, consultation_id: FromPath[UUID]) -> Response[bytes]:
        """发布征求意见公告. It opens on its first day and closes after its last one, both by themselves."""
        return await change_consultation(edge, consultation_id, consulting.announce)

    @post("/consultations/{consultation_id:uuid}/extend", opt=allow(STAFF), status_code=200)
    async def extend(
        edge: OnEdge, consultation_id: FromPath[UUID], data: JSONBody[consulting.Extension]
    ) -> Response[bytes]:
        """延长期限; it is never shortened."""
        return await change_consultation(
            edge, consultation_id, lambda desk, found: consulting.extend(desk, found, data)
        )

    @post("/consultations/{consultation_id:uuid}/close", opt=allow(STAFF), status_code=200)
    async def close(edge: OnEdge, consultation_id: FromPath[UUID]) -> Response[bytes]:
        """结束, once the last day is over; it also happens by itself."""
        return await change_consultation(edge, consultation_id, consulting.close)

    # Opinions

    @post("/consultations/{consultation_id:uuid}/opinions", opt=allow(PUBLIC))
    async def submit(
        edge: OnEdge, consultation_id: FromPath[UUID], data: JSONBody[opinions.OpinionDraft]
    ) -> Response[bytes]:
        """提交意见, answered with a receipt. Staff enter what came on paper or in a forum in the same way."""
        if not edge.actor.is_staff:
            await edge.limiter.take("opinion", edge.address, per_minute=30)

        async def run(desk: Desk) -> opinions.OpinionReceipt:
            return await opinions.submit(desk, await desk.consultation(consultation_id, lock=True), data)

        return await edge.create(at_desk(run))

    @get("/consultations/{consultation_id:uuid}/opinions", opt=allow(PUBLIC))
    async def list_opinions(
        edge: OnEdge,
        consultation_id: FromPath[UUID],
        state_: Annotated[Literal["waiting", "grouped", "aside", "shown", "pending"] | None, Q(name="state")] = None,
        channel: Annotated[Channel | None, Q(name="channel")] = None,
        passage: Annotated[str | None, Q(name="passage", max_length=30)] = None,
        group: Annotated[UUID | None, Q(name="group")] = None,
        q: Annotated[str | None, Q(name="q", max_length=100)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[int, Q(name="cursor", ge=0, le=10_000_000)] = 0,
    ) -> Response[bytes]:
        """意见列表: the public reads those that staff showed; the unit reads all, without contacts."""
        refuse_nul(passage, q)

        async def run(desk: Desk) -> Page:
            consultation = await desk.consultation(consultation_id)
            by_staff = edge.actor.sees_drafts_of(consultation.unit)
            wanted = OpinionFilter(
                after=cursor, limit=limit_of(limit) + 1, state=state_ if by_staff else None, channel=channel,
                passage=passage, text=q or None, cluster=group if by_staff else None, public=not by_staff,
            )  # fmt: skip
            found = await desk.store.opinions(consultation.id, wanted)
            shown, more = found[:limit], str(found[limit - 1].no) if len(found) > limit else None
            if by_staff:
                return Page(await views.opinion_views(desk, shown), more)
            return Page([views.public_opinion(each) for each in shown], more)

        return json_response(await edge.read(at_desk(run)))

    @post(
        "/consultations/{consultation_id:uuid}/opinions/import", opt=allow(STAFF), status_code=200,
        request_max_body_size=12 * 1024 * 1024,
    )  # fmt: skip
    async def import_opinions(
        edge: OnEdge,
        consultation_id: FromPath[UUID],
        data: MultipartBody[dict[str, Any]],
        dry_run: Annotated[bool, Q(name="dry_run")] = False,
    ) -> Response[bytes]:
        """导入书面、座谈会等意见 (XLSX, CSV): all rows or none. `dry_run` shows what would happen."""
        upload = file_in(data)
        if upload is None:
            raise Malformed(what="a file is needed", field="file")
        content, name = await upload.read(), upload.filename

        async def run(desk: Desk) -> opinions.Imported:
            return await opinions.import_file(desk, consultation_id, content, name, dry_run=dry_run)

        if dry_run:
            return json_response(await edge.read(at_desk(run)))
        return await edge.create(at_desk(run), 200, upload=content)

    def with_opinion(
        edge: OnEdge,
        id: UUID,
        no: int,
        use_case: Callable[[Desk, Consultation, Opinion], Awaitable[Opinion]],
        *,
        fixed_too: bool = False,
    ) -> Awaitable[Response[bytes]]:
        """One opinion of one's own consultation; `fixed_too`: also when the report on it is approved."""

        async def run(desk: Desk) -> Response[bytes]:
            consultation = await (desk.own_consultation(id) if fixed_too else desk.workable(id))
            opinion = await opinions.numbered(desk, consultation, number_of(no))
            edge.if_match(opinion.version)
            decided = await use_case(desk, consultation, opinion)
            return json_response(await views.opinion_view(desk, decided), version=decided.version)

        return edge.change(at_desk(run))

    @get("/consultations/{consultation_id:uuid}/opinions/{no:int}", opt=allow(STAFF))
    async def read_opinion(edge: OnEdge, consultation_id: FromPath[UUID], no: FromPath[int]) -> Response[bytes]:
        """一条意见, with its contact; reading it is recorded."""

        async def run(desk: Desk) -> Response[bytes]:
            consultation = await desk.own_consultation(consultation_id, lock=False)
            opinion = await opinions.numbered(desk, consultation, number_of(no))
            contacts = await desk.store.contacts([opinion])
            if contacts:
                await desk.record("read-contact", f"consultation:{consultation.id}", f"意见 {no}")
            shown = await views.opinion_view(desk, opinion, contacts.get(opinion.no, ""))
            return json_response(shown, version=opinion.version)

        return await edge.read(at_desk(run))

    @post("/consultations/{consultation_id:uuid}/opinions/{no:int}/set-aside", opt=allow(STAFF), status_code=200)
    async def set_aside(
        edge: OnEdge, consultation_id: FromPath[UUID], no: FromPath[int], data: JSONBody[opinions.AsideDraft]
    ) -> Response[bytes]:
        """撤回或重复, with the reason: it is counted, and not answered by itself."""
        return await with_opinion(
            edge, consultation_id, no, lambda desk, found, opinion: opinions.set_aside(desk, found, opinion, data)
        )

    @post("/consultations/{consultation_id:uuid}/opinions/{no:int}/take-back", opt=allow(STAFF), status_code=200)
    async def take_back(edge: OnEdge, consultation_id: FromPath[UUID], no: FromPath[int]) -> Response[bytes]:
        """取消撤回或重复的标记."""
        return await with_opinion(edge, consultation_id, no, opinions.take_back)

    @post("/consultations/{consultation_id:uuid}/opinions/{no:int}/moderate", opt=allow(STAFF), status_code=200)
    async def moderate(
        edge: OnEdge, consultation_id: FromPath[UUID], no: FromPath[int], data: JSONBody[opinions.Moderation]
    ) -> Response[bytes]:
        """公开或不公开一条意见, with the reason."""
        return await with_opinion(
            edge,
            consultation_id,
            no,
            lambda desk, found, opinion: opinions.moderate(desk, found, opinion, data),
            fixed_too=True,
        )

    @get("/opinions/{receipt:str}", opt=allow(PUBLIC))
    async def read_own(edge: OnEdge, receipt: FromPath[str]) -> Response[bytes]:
        """我的意见, by its receipt."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(receipt)

        async def run(desk: Desk) -> OwnOpinion:
            return await views.own_opinion(desk, *await opinions.of_receipt(desk, receipt))

        return json_response(await edge.read(at_desk(run)))

    @post("/opinions/{receipt:str}/withdraw", opt=allow(PUBLIC), status_code=200)
    async def withdraw(edge: OnEdge, receipt: FromPath[str]) -> Response[bytes]:
        """撤回我的意见."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(receipt)

        async def run(desk: Desk) -> OwnOpinion:
            return await views.own_opinion(desk, *await opinions.withdraw(desk, receipt))

        return json_response(await edge.change(at_desk(run)))

    # Attachments

    async def uploaded(data: dict[str, Any]) -> tuple[bytes, attachments.Upload]:
        file = file_in(data)
        if file is None:
            raise Malformed(what="a file is needed", field="file")
        content, name = await file.read(), file.filename
        return content, await darkroom.read(lambda data: attachments.read(data, name), content)

    @post("/opinions/{receipt:str}/attachments", opt=allow(PUBLIC))
    async def attach_own(edge: OnEdge, receipt: FromPath[str], data: MultipartBody[dict[str, Any]]) -> Response[bytes]:
        """附上文件, up to three of 5 MB each while the consultation is open; the unit alone reads them. Photos lose
        where and when they were taken."""
        await edge.limiter.take("attachment", edge.address, per_minute=10)
        refuse_nul(receipt)
        content, upload = await uploaded(data)

        async def run(desk: Desk) -> Attachment:
            return await attachments.add_own(desk, receipt, upload)

        return await edge.create(at_desk(run), upload=content)

    @get("/opinions/{receipt:str}/attachments/{number:int}", opt=allow(PUBLIC))
    async def read_own_attachment(edge: OnEdge, receipt: FromPath[str], number: FromPath[int]) -> Response[bytes]:
        """我附上的文件."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(receipt)

        async def run(desk: Desk) -> tuple[Attachment, bytes]:
            opinion, _ = await opinions.of_receipt(desk, receipt)
            return await attachments.body_of(desk, opinion, attachments.number_of(number))

        return as_file(*await edge.read(at_desk(run)))

    @delete("/opinions/{receipt:str}/attachments/{number:int}", opt=allow(PUBLIC), status_code=204)
    async def drop_own_attachment(edge: OnEdge, receipt: FromPath[str], number: FromPath[int]) -> None:
        """删除我附上的文件, while the consultation is open."""
        await edge.limiter.take("lookup", edge.address, per_minute=30)
        refuse_nul(receipt)
        await edge.change(at_desk(lambda desk: attachments.drop_own(desk, receipt, attachments.number_of(number))))

    @post("/consultations/{consultation_id:uuid}/opinions/{no:int}/attachments", opt=allow(STAFF))
    async def attach(
        edge: OnEdge, consultation_id: FromPath[UUID], no: FromPath[int], data: MultipartBody[dict[str, Any]]
    ) -> Response[bytes]:
        """归入附件: the letter itself, scanned."""
        content, upload = await uploaded(data)

        async def run(desk: Desk) -> Attachment:
            consultation = await desk.own_consultation(consultation_id)
            await desk.must_be_open_to_change(consultation)
            return await attachments.add(desk, consultation, number_of(no), upload)

        return await edge.create(at_desk(run), upload=content)

    @get("/consultations/{consultation_id:uuid}/opinions/{no:int}/attachments/{number:int}", opt=allow(STAFF))
    async def read_attachment(
        edge: OnEdge, consultation_id: FromPath[UUID], no: FromPath[int], number: FromPath[int]
    ) -> Response[bytes]:
        """附件; reading it is recorded."""

        async def run(desk: Desk) -> tuple[Attachment, bytes]:
            consultation = await desk.own_consultation(consultation_id, lock=False)
            return await attachments.read_by_staff(desk, consultation, number_of(no), attachments.number_of(number))

        return as_file(*await edge.read(at_desk(run)))

    @delete(
        "/consultations/{consultation_id:uuid}/opinions/{no:int}/attachments/{number:int}", opt=allow(STAFF),
        status_code=204,
    )  # fmt: skip
    async def drop_attachment(
        edge: OnEdge, consultation_id: FromPath[UUID], no: FromPath[int], number: FromPath[int]
    ) -> None:
        """删除附件, such as a wrong scan; recorded."""

        async def run(desk: Desk) -> None:
            consultation = await desk.workable(consultation_id)
            await attachments.drop(desk, consultation, number_of(no), attachments.number_of(number))

        await edge.change(at_desk(run))

    # Groups and answers

    @get("/consultations/{consultation_id:uuid}/matrix", opt=allow(STAFF))
    async def read_matrix(edge: OnEdge, consultation_id: FromPath[UUID]) -> Response[bytes]:
        """采纳矩阵: every group with its answer, and how many opinions still wait."""

        async def run(desk: Desk) -> answering.Matrix:
            return await answering.matrix(desk, await desk.own_consultation(consultation_id, lock=False))

        return json_response(await edge.read(at_desk(run)))

    @get("/consultations/{consultation_id:uuid}/proposals", opt=allow(STAFF))
    async def read_proposals(
        edge: OnEdge,
        consultation_id: FromPath[UUID],
        group: Annotated[UUID | None, Q(name="group")] = None,
        cursor: Annotated[int, Q(name="cursor", ge=0, le=10_000_000)] = 0,
    ) -> Response[bytes]:
        """归并建议: opinions that may say the same, with the words that say why. People decide."""

        async def run(desk: Desk) -> answering.Proposals:
            consultation = await desk.workable(consultation_id, lock=False)
            return await answering.proposals(desk, consultation, group, cursor)

        return json_response(await edge.read(at_desk(run)))

    @post("/consultations/{consultation_id:uuid}/clusters", opt=allow(STAFF))
    async def create_cluster(
        edge: OnEdge, consultation_id: FromPath[UUID], data: JSONBody[answering.ClusterDraft]
    ) -> Response[bytes]:
        """归并意见: a sentence, and the numbers of the opinions that say it."""

        async def run(desk: Desk) -> Cluster:
            return await answering.create(desk, await desk.workable(consultation_id), data)

        return await edge.create(at_desk(run))

    @patch("/clusters/{cluster_id:uuid}", opt=allow(STAFF))
    async def regroup(
        edge: OnEdge, cluster_id: FromPath[UUID], data: JSONBody[answering.ClusterChange]
    ) -> Response[bytes]:
        """调整意见组: its sentence, its members, whether it is concentrated."""
        return await change_cluster(edge, cluster_id, lambda desk, found: answering.change(desk, found, data))

    @delete("/clusters/{cluster_id:uuid}", opt=allow(STAFF), status_code=204)
    async def dissolve(edge: OnEdge, cluster_id: FromPath[UUID]) -> None:
        """解散意见组: its opinions wait again."""

        async def run(desk: Desk) -> None:
            cluster = await answering.own_cluster(desk, cluster_id)
            edge.if_match(cluster.version)
            await answering.dissolve(desk, cluster)

        await edge.change(at_desk(run))

    @put("/clusters/{cluster_id:uuid}/answer", opt=allow(STAFF))
    async def answer(edge: OnEdge, cluster_id: FromPath[UUID], data: JSONBody[answering.Answer]) -> Response[bytes]:
        """答复意见组: the outcome, the reason, and what was changed."""
        return await change_cluster(edge, cluster_id, lambda desk, found: answering.answer(desk, found, data))

    # Reports

    @post("/reports", opt=allow(STAFF))
    async def begin_report(edge: OnEdge, data: JSONBody[reporting.ReportDraft]) -> Response[bytes]:
        """起草意见收集和采纳情况."""

        async def run(desk: Desk) -> ReportDesk:
            return await views.report_desk(desk, await reporting.begin(desk, data))

        return await edge.create(at_desk(run))

    @patch("/reports/{report_id:uuid}", opt=allow(STAFF))
    async def change_draft(
        edge: OnEdge, report_id: FromPath[UUID], data: JSONBody[reporting.ReportChange]
    ) -> Response[bytes]:
        """修改报告; who changes it cannot approve it."""
        return await change_report(edge, report_id, lambda desk, found: reporting.change(desk, found, data))

    @post("/reports/{report_id:uuid}/approve", opt=allow(APPROVERS), status_code=200)
    async def approve(edge: OnEdge, report_id: FromPath[UUID]) -> Response[bytes]:
        """审核, by somebody who wrote nothing in it."""
        return await change_report(edge, report_id, reporting.approve)

    @post("/reports/{report_id:uuid}/send-back", opt=allow(APPROVERS), status_code=200)
    async def send_back(edge: OnEdge, report_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
        """退回修改."""
        return await change_report(edge, report_id, lambda desk, found: reporting.send_back(desk, found, data.reason))

    @post("/reports/{report_id:uuid}/publish", opt=allow(STAFF), status_code=200)
    async def publish(edge: OnEdge, report_id: FromPath[UUID]) -> Response[bytes]:
        """公布. The clocks of the decision stop."""
        return await change_report(edge, report_id, reporting.publish)

    @post("/reports/{report_id:uuid}/correct", opt=allow(STAFF), status_code=200)
    async def correct(edge: OnEdge, report_id: FromPath[UUID], data: JSONBody[Reason]) -> Response[bytes]:
        """更正: begins the next version; the published one stays."""
        return await change_report(edge, report_id, lambda desk, found: reporting.correct(desk, found, data.reason))

    @get("/reports", opt=allow(PUBLIC))
    async def list_reports(
        edge: OnEdge,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        state_: Annotated[State | None, Q(name="state")] = None,
        item: Annotated[UUID | None, Q(name="item")] = None,
        q: Annotated[str | None, Q(name="q", max_length=100)] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """采纳情况列表, the latest first. Staff see what their unit is writing too."""
        refuse_nul(unit, q, cursor)
        wanted = ReportFilter(
            unit=unit, state=state_, text=q or None, item=item, after=read_cursor(cursor), limit=limit_of(limit) + 1,
            drafts_of=edge.actor.drafts_shown,
        )  # fmt: skip

        async def run(desk: Desk) -> Page:
            found = await desk.store.reports(wanted)
            last = found[limit - 1] if len(found) > limit else None
            items = await views.report_lines(desk, found[:limit])
            return Page(items, cursor_of(last.created_at, last.id) if last else None)

        return json_response(await edge.read(at_desk(run)))

    @get("/reports/{report_id:uuid}", opt=allow(PUBLIC))
    async def read_report(
        edge: OnEdge,
        report_id: FromPath[UUID],
        version: Annotated[int | None, Q(name="version", ge=1, le=10_000)] = None,
        format: Annotated[Literal["json", "csv"], Q(name="format")] = "json",
    ) -> Response[bytes]:
        """采纳情况, as published; `version` reads an earlier one."""

        async def run(desk: Desk) -> bytes:
            report = await desk.store.report(report_id)
            body = await desk.store.version(report_id, version or report.number) if report else None
            if body is None:
                raise UnknownReport
            return body

        body = await edge.read(at_desk(run))
        if format == "json":
            return json_bytes(body, headers={"ETag": tag_of(body)})
        table = views.report_csv(msgspec.json.decode(body, type=PublishedReport))
        headers = {
            "Content-Disposition": f'attachment; filename="adoption-{report_id}.csv"',
            "ETag": tag_of(table),
        }
        return Response(table, media_type="text/csv", headers=headers)

    @get("/reports/{report_id:uuid}/draft", opt=allow(STAFF))
    async def read_draft(edge: OnEdge, report_id: FromPath[UUID]) -> Response[bytes]:
        """报告草稿: what would be published now, and what it still needs."""

        async def run(desk: Desk) -> Response[bytes]:
            report = await reporting.own_report(desk, report_id)
            return json_response(await views.report_desk(desk, report), version=report.version)

        return await edge.read(at_desk(run))

    @get("/reports/{report_id:uuid}/versions", opt=allow(PUBLIC))
    async def list_versions(edge: OnEdge, report_id: FromPath[UUID]) -> Response[bytes]:
        """各版本, with the hash of each."""

        async def run(desk: Desk) -> Page:
            versions = await desk.store.versions(report_id)
            if not versions:
                raise UnknownReport
            return Page(versions, None)

        return json_response(await edge.read(at_desk(run)))

    # Clocks

    @get("/clocks", opt=allow(PUBLIC))
    async def list_clocks(
        edge: OnEdge,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        state_: Annotated[ClockState | Literal["provisional"] | None, Q(name="state")] = None,
        kind: Annotated[ClockKind | None, Q(name="kind")] = None,
        item: Annotated[UUID | None, Q(name="item")] = None,
        limit: Annotated[int, Q(name="limit")] = 50,
        cursor: Annotated[str | None, Q(name="cursor")] = None,
    ) -> Response[bytes]:
        """时限: who owes which report until when, and who was late."""
        refuse_nul(unit, cursor)

        async def run(desk: Desk) -> Page:
            wanted = ClockFilter(
                unit=unit, kind=kind, state=state_, today=desk.today, item=item, after=read_day_cursor(cursor),
                limit=limit_of(limit) + 1,
            )  # fmt: skip
            found = await desk.store.clocks(wanted)
            last = found[limit - 1] if len(found) > limit else None
            items = await views.clock_views(desk, found[:limit])
            return Page(items, f"{last.not_before}~{last.id}" if last else None)

        return json_response(await edge.read(at_desk(run)))

    @post("/clocks/{clock_id:uuid}/suspend", opt=allow(OFFICE), status_code=200)
    async def suspend(
        edge: OnEdge, clock_id: FromPath[UUID], data: JSONBody[deadlines.SuspensionDraft]
    ) -> Response[bytes]:
        """中止时限, with its legal basis; the original day stays visible."""
        return await change_clock(edge, clock_id, lambda desk, found: deadlines.suspend(desk, found, data))

    @post("/clocks/{clock_id:uuid}/resume", opt=allow(OFFICE), status_code=200)
    async def resume(
        edge: OnEdge, clock_id: FromPath[UUID], data: JSONBody[deadlines.ResumptionDraft]
    ) -> Response[bytes]:
        """恢复计时: ends a suspension before its last day, or takes it back; it stays on record."""
        return await change_clock(edge, clock_id, lambda desk, found: deadlines.resume(desk, found, data))

    @post("/internal/authors", opt=allow(SERVICES), status_code=200, include_in_schema=False)
    async def authors_of(edge: OnEdge, data: JSONBody[AuthorsWanted]) -> Response[bytes]:
        """Whom opinions concern: for the service that writes to people."""
        return json_response(await edge.read(at_desk(lambda desk: opinions.read_authors(desk, data))))

    return [
        plan, list_consultations, read_consultation, revise, open_, extend, close, submit, list_opinions,
        import_opinions, read_opinion, set_aside, take_back, moderate, read_own, withdraw, attach_own,
        read_own_attachment, drop_own_attachment, attach, read_attachment, drop_attachment, read_matrix, read_proposals,
        create_cluster, regroup, dissolve, answer, begin_report, change_draft, approve, send_back, publish, correct,
        list_reports, read_report, read_draft, list_versions, list_clocks, suspend, resume, authors_of,
    ]  # fmt: skip
