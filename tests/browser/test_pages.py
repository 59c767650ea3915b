"""Every page, in every look: axe finds nothing, nothing overflows, targets are large enough, nothing comes from
elsewhere."""

import html
import io
from pathlib import Path
from urllib.parse import quote

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from playwright.async_api import Browser, BrowserContext, Page

from browser.views import AXE, LOOKS, Route, first_view, set_cookies
from houses import House
from kaimen.contracts.problems import PROBLEM_TYPES
from kaimen.portal import rendering

NAMES = (
    "home", "home-month", "home-empty", "event", "event-full", "event-drawn", "entered", "event-cancelled",
    "event-by-phone", "registration", "registration-elsewhere", "waiting", "cancel", "cancel-elsewhere", "offer",
    "questionnaire", "thanks", "my", "subscribe", "units", "unit", "theme", "street", "problem", "missing",
    "desk-signed-out", "ticket-public", "ticket-staff", "ticket-used", "ticket-invalid", "desk", "desk-approver",
    "desk-office", "desk-new", "desk-new-office", "desk-edit", "desk-draft", "desk-event", "desk-event-drawn",
    "desk-edit-drawn", "desk-session", "desk-import",
)  # fmt: skip
AXE_WIDTHS = (390, 1280)
GEOMETRY_WIDTHS = (320, 390, 768, 1280)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

RUN_AXE = """async (tags) => {
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']});
  return found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '));
}"""

MEASURE = """(least) => {
  const faults = [];
  const say = (what, node, box) => {
    const size = `${Math.round(box.width)}x${Math.round(box.height)}`;
    faults.push(`${what} ${size} ${node.outerHTML.slice(0, 120)}`);
  };
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`the page is ${wide} px too wide`);
  const isSeen = (node) => {
    const box = node.getBoundingClientRect();
    if (!node.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})) return false;
    return box.width > 1 && box.height > 1 && box.right > 0;
  };
  const inText = (node) => {
    if (node.tagName !== 'A' || getComputedStyle(node).display !== 'inline') return false;
    return node.closest('p, dd, li, td') !== null;
  };
  for (const node of document.querySelectorAll('a, button, summary, select, textarea, input:not([type=hidden])')) {
    if (!isSeen(node) || inText(node) || node.closest('.trap, .skip, .hidden-default')) continue;
    const isChoice = node.matches('[type=radio], [type=checkbox]');
    const target = node.closest('.card') || (isChoice ? node.closest('label') : node);
    const box = target.getBoundingClientRect();
    if (box.height < least - 0.5 || box.width < least - 0.5) say('small target', node, box);
  }
  const within = (box) => box.left >= -0.5 && box.right <= innerWidth + 0.5;
  for (const node of document.querySelectorAll('main *')) {
    if (!isSeen(node) || node.closest('.table-box, .hidden, .trap, .hidden-default')) continue;
    const box = node.getBoundingClientRect();
    if (!within(box)) say('outside', node, box);
  }
  const blocks = [...document.querySelectorAll('.card, .panel, .errors, .change')].filter(isSeen);
  for (const [i, one] of blocks.entries()) for (const other of blocks.slice(i + 1)) {
    if (one.contains(other) || other.contains(one)) continue;
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    const apart = Math.max(b.top - a.bottom, a.top - b.bottom, b.left - a.right, a.left - b.right);
    if (apart < 7.5) say('touching', one, a);
  }
  return faults;
}"""


async def opened(context: BrowserContext, house: House, route: Route) -> tuple[Page, list[str]]:
    """The page, and what went wrong on the way: refused content, foreign requests."""
    await set_cookies(context, house.url, dict(route.cookies))
    page = await context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith((house.url, "data:")) else wrong.append(asked.url))
    answer = await page.goto(house.url + route.path)
    assert answer is not None
    assert answer.status == route.status
    return page, wrong


async def must_be_well_made(page: Page, look: str) -> None:
    """No finding of axe, nothing too wide, too small, or touching, at any width."""
    least = 60 if look == "large" else 44
    shapes = {}
    for width in GEOMETRY_WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        shapes[width] = await page.evaluate(MEASURE, least)
    assert shapes == {width: [] for width in GEOMETRY_WIDTHS}
    await page.evaluate(AXE)
    for width in AXE_WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate(RUN_AXE, TAGS) == []


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
async def test_page_is_accessible_and_keeps_its_shape(
    name: str, look: str, house: House, routes: dict[str, Route], contexts: dict[tuple[str, str], BrowserContext]
) -> None:
    route = routes[name]
    context = contexts[route.role, look]
    page, wrong = await opened(context, house, route)
    try:
        assert wrong == []
        await must_be_well_made(page, look)
    finally:
        await page.close()
        await context.clear_cookies(name="__Host-kaimen-r-" + route.path.split("/")[2] if route.cookies else "none")


async def test_every_route_is_listed(routes: dict[str, Route]) -> None:
    assert sorted(routes) == sorted(NAMES)


@pytest.mark.parametrize("name", ["home", "event"])
async def test_first_view_weighs_at_most_40_kilobytes(
    name: str, house: House, routes: dict[str, Route], browser: Browser
) -> None:
    assert await first_view(browser, house.url + routes[name].path) <= 40 * 1024


async def test_pages_carry_a_strict_policy_and_are_kept_by_nobody_when_personal(
    house: House, routes: dict[str, Route]
) -> None:
    home = await house.client.get("/")
    personal = await house.client.get(routes["registration"].path)
    assert home.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert (home.headers["cache-control"], personal.headers["cache-control"]) == ("private, no-cache", "no-store")
    assert personal.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/my", "/subscribe", "/units"])
async def test_page_in_english_has_no_untranslated_sentence(path: str, house: House) -> None:
    """Names of units, themes and events stay Chinese; sentences with Chinese full stops do not remain."""
    page = await house.client.get(path, headers={"Accept-Language": "en"})
    assert page.headers["content-language"] == "en"
    assert [line for line in page.text.splitlines() if "。" in line and "summary" not in line] == []


async def test_every_problem_type_is_explained(house: House) -> None:
    """RFC 9457 3.1.1: whoever follows a type learns what it means."""
    for name, known in PROBLEM_TYPES.items():
        page = await house.client.get(f"/problems/{name}")
        assert page.status_code == 200, name
        assert known.zh.partition("{")[0] in html.unescape(page.text), name
    assert (await house.client.get("/problems/no.such-type")).status_code == 404


def test_catalogue_translates_every_message() -> None:
    folder = Path(rendering.__file__).parent
    keywords = {"_": None, "gettext": None, "N_": None, "text": (2,)}
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    said = {message for _, _, message, _, _ in extract_from_dir(str(folder), methods, keywords=keywords)}
    catalogue = read_po(io.BytesIO((folder / "locale" / "en" / "messages.po").read_bytes()))
    known = [message for message in catalogue if message.id and all(message.string)]
    # Of one sentence, the forms for one and for several; Chinese has one for both.
    assert said == {message.id[0] if isinstance(message.id, tuple) else message.id for message in known}


@pytest.mark.parametrize("place", ["/?unit={unit}&", "/units/{unit}?", "/themes/{theme}?", "/streets/310118001?"])
@pytest.mark.parametrize("given", ["day=9999-12-31", "day=2026-02-30", "day=zz", "month=2026-13", "month=9999-12"])
async def test_day_or_month_that_is_none_is_named(place: str, given: str, house: House) -> None:
    path = place.format(unit=quote("区教育局"), theme=quote("民生保障")) + given
    page = await house.client.get(path)
    assert page.status_code == 422
    assert ("没有这一天" if given.startswith("day") else "没有这个月") in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/?day=2000-01-01", "/?day=2099-12-31", "/?month=2000-01", "/?month=2099-12", "/months/2000-01",
        "/months/2099-12", "/months/9999-12", "/months/zz", "/open-month/2026?day=9999-12-31", "/open-month/9999",
        "/search?q=x&cursor=zz", "/decisions?year=2099", "/decisions?cursor=zz", "/decisions?state=zz",
    ],
)  # fmt: skip
async def test_no_day_month_or_place_in_a_list_breaks_a_page(path: str, house: House) -> None:
    assert (await house.client.get(path)).status_code < 500
