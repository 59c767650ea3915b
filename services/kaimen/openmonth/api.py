"""The open month over HTTP: campaigns, board, programme, report, signs, archive and imports."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from litestar import Request, Response, get, patch, post
from litestar.params import FromPath, JSONBody, MultipartBody, QueryParameter

from kaimen.kit import photos
from kaimen.kit.auth import OFFICE, PUBLIC, STAFF, allow
from kaimen.kit.http import (
    OnEdge,
    Page,
    as_it_is,
    changing,
    file_in,
    json_bytes,
    json_response,
    refuse_nul,
    tag_of,
)
from kaimen.kit.photos import Darkroom, NoPhoto
from kaimen.kit.problems import Malformed
from kaimen.kit.service import Resources
from kaimen.kit.tables import write_csv, write_xlsx
from kaimen.kit.work import Work
from kaimen.openmonth.app import campaigns, imports, signs, views
from kaimen.openmonth.app.boards import Boards
from kaimen.openmonth.app.desk import Desk, OpenMonthSettings
from kaimen.openmonth.domain.board import Wanted
from kaimen.openmonth.domain.campaigns import Campaign
from kaimen.openmonth.domain.clashes import Kind
from kaimen.openmonth.domain.counting import Report
from kaimen.openmonth.domain.refusals import NotArchived, UnknownCampaign, UnknownDocument
from kaimen.openmonth.store.repository import Sign

T = TypeVar("T")
Q = QueryParameter
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def handlers(resources: Resources) -> list[Any]:
    """The endpoints of this service."""
    settings = resources.settings
    assert isinstance(settings, OpenMonthSettings)
    darkroom = Darkroom()
    boards = Boards()

    def at_desk(use_case: Callable[[Desk], Awaitable[T]]) -> Callable[[Work], Awaitable[T]]:
        async def run(work: Work) -> T:
            return await use_case(Desk(work))

        return run

    def locked_campaign(desk: Desk, year: int) -> Awaitable[Campaign]:
        return desk.campaign(_known(year), lock=True)

    change_campaign = changing(at_desk, locked_campaign, as_it_is)

    # Campaigns

    @post("/campaigns", opt=allow(OFFICE))
    async def begin(edge: OnEdge, data: JSONBody[campaigns.CampaignDraft]) -> Response[bytes]:
        """建立开放月: one a year, for staff alone until it is published."""
        return await edge.create(at_desk(lambda desk: campaigns.begin(desk, data)))

    @get("/campaigns", opt=allow(PUBLIC))
    async def list_campaigns(edge: OnEdge) -> Response[bytes]:
        """历年开放月, the latest first."""

        async def run(desk: Desk) -> Page:
            return Page(list(await desk.store.campaigns(planned_too=edge.actor.is_staff)), None)

        return json_response(await edge.read(at_desk(run)))

    @get("/campaigns/{year:int}", opt=allow(PUBLIC))
    async def read_campaign(edge: OnEdge, year: FromPath[int]) -> Response[bytes]:
        """开放月."""

        async def run(desk: Desk) -> Response[bytes]:
            campaign = await desk.campaign(_known(year))
            return json_response(campaign, version=campaign.version)

        return await edge.read(at_desk(run))

    @patch("/campaigns/{year:int}", opt=allow(OFFICE))
    async def change(edge: OnEdge, year: FromPath[int], data: JSONBody[campaigns.CampaignChange]) -> Response[bytes]:
        """更改开放月; its window only before it is published."""
        return await change_campaign(edge, year, lambda desk, it: campaigns.change(desk, it, data))

    @post("/campaigns/{year:int}/publish", opt=allow(OFFICE), status_code=200)
    async def publish(edge: OnEdge, year: FromPath[int]) -> Response[bytes]:
        """公布开放月."""
        return await change_campaign(edge, year, campaigns.publish)

    # What there is

    @get("/campaigns/{year:int}/board", opt=allow(PUBLIC))
    async def board(
        edge: OnEdge,
        year: FromPath[int],
        kind: Annotated[Kind | None, Q(name="kind")] = None,
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        limit: Annotated[int | None, Q(name="limit", ge=1, le=200)] = None,
        offset: Annotated[int, Q(name="offset", ge=0, le=1_000_000)] = 0,
    ) -> Response[bytes]:
        """活动看板: unit × theme × day, gaps, who has none, what is in each other's way.

        `warnings` are all, or those of a `kind` and a `unit`, `limit` of them after the first `offset`; `warned` counts
        all that there are, `fitting` those of that kind and unit."""
        refuse_nul(unit)
        wanted = Wanted(kind, unit, limit, offset)

        async def run(desk: Desk) -> bytes:
            return await boards.read(desk, (await desk.campaign(_known(year))).year, wanted)

        body = await edge.read(at_desk(run))
        return json_bytes(body, headers={"ETag": tag_of(body)})

    @get("/campaigns/{year:int}/programme", opt=allow(PUBLIC))
    async def programme(
        edge: OnEdge,
        year: FromPath[int],
        unit: Annotated[str | None, Q(name="unit", max_length=50)] = None,
        theme: Annotated[str | None, Q(name="theme", max_length=200)] = None,
        day: Annotated[date | None, Q(name="day")] = None,
        format: Annotated[Literal["json", "csv", "xlsx"], Q(name="format")] = "json",
    ) -> Response[bytes]:
        """活动安排, by time; also as a table for spreadsheet programs."""
        refuse_nul(unit, theme)

        async def run(desk: Desk) -> Response[bytes]:
            campaign = await desk.campaign(_known(year))
            lines = await views.programme_of(desk, campaign.year, unit=unit, theme=theme, day=day)
            if format == "json":
                return json_response(Page(list(lines), None))
            rows = views.programme_rows(lines)
            if format == "csv":
                return _file(write_csv(views.COLUMNS, rows), "text/csv", f"programme-{year}.csv")
            title = f"{campaign.name} {campaign.year}"
            return _file(write_xlsx(title, views.COLUMNS, rows, campaign.changed_at), XLSX, f"programme-{year}.xlsx")

        return await edge.read(at_desk(run))

    @get("/campaigns/{year:int}/report", opt=allow(PUBLIC))
    async def report(edge: OnEdge, year: FromPath[int]) -> Response[bytes]:
        """开放月情况: figures from facts alone, per unit, theme and day; who has met row 45."""

        async def run(desk: Desk) -> Report:
            return await views.report_of(desk, await desk.campaign(_known(year)))

        return json_response(await edge.read(at_desk(run)))

    # Signs

    @post("/campaigns/{year:int}/events/{event_id:uuid}/sign", opt=allow(STAFF))
    async def file_sign(
        edge: OnEdge, year: FromPath[int], event_id: FromPath[UUID], data: MultipartBody[dict[str, Any]]
    ) -> Response[bytes]:
        """标识留证: a photo (JPEG or PNG, up to 5 MB and 50 megapixels). A new one takes the place of the last."""
        upload = file_in(data)
        if upload is None:
            raise NoPhoto(field="file")
        content = await upload.read()
        photo = await darkroom.read(photos.cleaned, content)

        async def run(desk: Desk) -> Sign:
            return await signs.file_sign(desk, _known(year), event_id, photo)

        return await edge.create(at_desk(run), upload=content)

    @get("/campaigns/{year:int}/events/{event_id:uuid}/sign.jpg", opt=allow(PUBLIC))
    async def read_sign(edge: OnEdge, year: FromPath[int], event_id: FromPath[UUID]) -> Response[bytes]:
        """标识照片, the last one."""

        async def run(desk: Desk) -> Response[bytes]:
            image, sha256 = await signs.read_sign(desk, _known(year), event_id)
            headers = {"ETag": f'"{sha256[:32]}"', "X-Content-Type-Options": "nosniff"}
            return Response(image, media_type="image/jpeg", headers=headers)

        return await edge.read(at_desk(run))

    @get("/campaigns/{year:int}/signs", opt=allow(STAFF))
    async def list_signs(edge: OnEdge, year: FromPath[int]) -> Response[bytes]:
        """标识检查表: which held events lack evidence, those first."""

        async def run(desk: Desk) -> Page:
            return Page(list(await views.signs_of(desk, (await desk.campaign(_known(year))).year)), None)

        return json_response(await edge.read(at_desk(run)))

    # Archive

    @get("/campaigns/{year:int}/archive", opt=allow(PUBLIC))
    async def list_archive(edge: OnEdge, year: FromPath[int]) -> Response[bytes]:
        """开放月档案: programme and board as they were on 1 September, with the hash of their bytes."""

        async def run(desk: Desk) -> Page:
            found = await desk.store.archives((await desk.campaign(_known(year))).year)
            if not found:
                raise NotArchived
            return Page(list(found), None)

        return json_response(await edge.read(at_desk(run)))

    @get("/campaigns/{year:int}/archive/{document:str}", opt=allow(PUBLIC))
    async def read_archive(edge: OnEdge, year: FromPath[int], document: FromPath[str]) -> Response[bytes]:
        """档案中的文件 (`programme`, `board`), byte for byte."""
        refuse_nul(document)

        async def run(desk: Desk) -> Response[bytes]:
            campaign = await desk.campaign(_known(year))
            if campaign.state != "frozen":
                raise NotArchived
            found = await desk.store.archive(campaign.year, document)
            if found is None:
                raise UnknownDocument
            body, sha256 = found
            return json_bytes(body, headers={"ETag": f'"{sha256[:32]}"'})

        return await edge.read(at_desk(run))

    # Imports

    @post("/campaigns/{year:int}/imports", opt=allow(STAFF), status_code=200, request_max_body_size=12 * 1024 * 1024)
    async def import_file(
        edge: OnEdge,
        year: FromPath[int],
        request: Request[Any, Any, Any],
        data: MultipartBody[dict[str, Any]],
        dry_run: Annotated[bool, Q(name="dry_run")] = False,
        unit: Annotated[str, Q(name="unit", max_length=50)] = "",
    ) -> Response[bytes]:
        """导入活动 (XLSX, CSV, ICS) as drafts of the campaign: all rows or none, with what is in each other's way."""
        refuse_nul(unit)
        file = file_in(data)
        if file is None:
            raise Malformed(what="a file is needed", field="file")
        await edge.read(at_desk(lambda desk: imports.must_take_imports(desk, _known(year))))
        upload = imports.Upload(
            content=await file.read(), filename=file.filename, year=year, unit=unit, headers=_passed_on(request)
        )
        answer = await imports.ask(upload, settings, dry_run=True)
        if not answer.is_good:
            return Response(answer.body, status_code=answer.status, media_type=answer.media_type)
        imports.must_be_of_year(answer, year)
        if not dry_run:
            answer = await imports.ask(upload, settings, dry_run=False)
            if not answer.is_good:
                return Response(answer.body, status_code=answer.status, media_type=answer.media_type)
        final = answer
        told = await edge.read(at_desk(lambda desk: imports.with_clashes(desk, final, year)))
        return json_response(told, final.status)

    return [
        begin, list_campaigns, read_campaign, change, publish, board, programme, report, file_sign, read_sign,
        list_signs, list_archive, read_archive, import_file,
    ]  # fmt: skip


def _known(year: int) -> int:
    """Raises UnknownCampaign for what cannot be a year, and would not fit into a column."""
    if not 2000 <= year <= 2099:
        raise UnknownCampaign
    return year


def _passed_on(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Who asks, and what makes a repetition safe: for opendays to judge."""
    names = ("authorization", "idempotency-key", "accept-language")
    given = {name: request.headers[name] for name in names if name in request.headers}
    traceparent = request.scope["state"]["traceparent"]
    return {**given, "traceparent": traceparent} if traceparent else given


def _file(body: bytes, media_type: str, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type=media_type, headers=headers)
