"""Whether a published address still leads to something (DC2). Never inside a transaction, and never into a network that
is not public: whoever types an address must not make this machine ask its neighbours."""

import asyncio
import re
from urllib.parse import unquote

import httpx

from kaimen.decisions.app.desk import DecisionsSettings
from kaimen.decisions.domain.facets import Answer
from kaimen.decisions.domain.refusals import BadLink, DeadLink, LinkNotPublic
from kaimen.kit.outside import pin
from kaimen.kit.texts import clean_text, is_own_page, is_web_address

_MOST_REDIRECTS = 3
_GONE = (401, 404, 410)
_NOT_FOR_PUBLIC = re.compile(r"/(desk|sign-in|sign-out|my|r|t)(?![^/?#])|/api/[^/]+/v1/(internal|signin)(?![^/?#])")
"""Our own pages that open for staff, for one person, or for other services alone."""
_HEADERS = {"User-Agent": "kaimen-links/1", "Accept": "*/*"}


def clean_link(text: str, field: str) -> str:
    """An address of the web, one of this site (`/…`), or nothing. Raises MarkupInText, BadText or BadLink."""
    url = clean_text(text, field, most=500)
    if not url or is_own_page(url):
        return url
    try:
        _parse(url)
    except httpx.InvalidURL:
        raise BadLink(field=field) from None
    if not is_web_address(url):
        raise BadLink(field=field)
    return url


def _parse(url: str) -> httpx.URL:
    """Raises InvalidURL, also for a name that is none and a port that cannot be."""
    parsed = httpx.URL(url)
    try:
        # The name is decoded only when somebody asks for it.
        possible = parsed.host is not None and 0 <= (parsed.port or 0) < 65_536
    except UnicodeError:
        possible = False
    if not possible:
        raise httpx.InvalidURL(url)
    return parsed


async def must_lead_somewhere(url: str, settings: DecisionsSettings, field: str) -> Answer:
    """What the address answers. Raises DeadLink or LinkNotPublic; no answer is not held against it yet."""
    answer = await ask(url, settings)
    if answer == "dead":
        raise DeadLink(field=field)
    if answer == "private":
        raise LinkNotPublic(field=field)
    return answer


async def ask(url: str, settings: DecisionsSettings) -> Answer:
    """`dead` for what is not there or needs a sign-in, `unreachable` for a server's error or no answer in
    `settings.link_seconds`."""
    try:
        async with asyncio.timeout(settings.link_seconds), httpx.AsyncClient(trust_env=False) as client:
            return await _follow(client, url, settings.public_url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, TimeoutError):
        return "unreachable"


async def _follow(client: httpx.AsyncClient, url: str, public_url: str) -> Answer:
    """Each redirect is looked at like the first address."""
    for _ in range(_MOST_REDIRECTS + 1):
        own = _own(url, public_url)
        target = _parse(own or url)
        if own is not None and _NOT_FOR_PUBLIC.match(unquote(own.removeprefix(public_url))):
            return "dead"
        request = client.build_request("GET", target, headers=_HEADERS)
        if own is None and not await pin(request):
            return "private"
        answer = await client.send(request, stream=True)
        await answer.aclose()
        if not answer.has_redirect_location:
            return meaning(answer.status_code, is_own=own is not None)
        url = str(target.join(answer.headers["location"]))
    return "unreachable"


def _own(url: str, public_url: str) -> str | None:
    """The whole address of one of our own pages, None for any other."""
    if url.startswith("/"):
        return public_url + url
    return url if url == public_url or url.startswith(f"{public_url}/") else None


def meaning(status: int, *, is_own: bool) -> Answer:
    """A refusal of our own is meant for everybody. Other sites refuse programs and may still show people the page, so
    there it counts only when it lasts."""
    if status in _GONE or (is_own and status == 403):
        return "dead"
    return "unreachable" if status >= 500 or status == 403 else "ok"
