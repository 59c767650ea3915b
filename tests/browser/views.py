"""How tests look at pages: the browser, the looks, the addresses."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOKS = {
    "standard": {},
    "large": {"kaimen-text": "large"},
    "contrast": {"kaimen-contrast": "high"},
}
AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text("utf-8")


@dataclass(frozen=True)
class Route:
    """A page: its path, the role that opens it ("" for anybody), cookies that it needs, and its status."""

    path: str
    role: str = ""
    cookies: tuple[tuple[str, str], ...] = ()
    status: int = 200


async def sign_in(context: BrowserContext, url: str, role: str, unit: str = "区教育局", name: str = "页面测试") -> None:
    """Sign in as the development issuer's `role`, through the same pages as a person."""
    page = await context.new_page()
    desk = "/desk/meetings" if role in ("presider", "notary") else "/desk"
    answer = await page.goto(f"{url}/sign-in?as={role}&unit={quote(unit)}&name={quote(name)}&next={desk}")
    assert answer is not None
    assert answer.status == 200, (answer.url, await page.inner_text("body"))
    await page.close()


async def set_cookies(context: BrowserContext, url: str, cookies: dict[str, str]) -> None:
    await context.add_cookies(
        [
            {
                "name": name,
                "value": value,
                "url": url if not name.startswith("__Host-") else url.replace("http://", "https://"),
                "secure": name.startswith("__Host-"),
            }
            for name, value in cookies.items()
        ]
    )


@asynccontextmanager
async def contexts(browser: Browser, url: str, routes: Iterable[Route], desk: str) -> AsyncIterator[dict[Any, Any]]:
    """A browser context per role and look, signed in at the hour that the house has now; `desk`: where staff land."""
    found: dict[tuple[str, str], BrowserContext] = {}
    for role in sorted({route.role for route in routes}):
        for look, cookies in LOOKS.items():
            context = await browser.new_context(locale="zh-CN")
            await set_cookies(context, url, cookies)
            if role:
                page = await context.new_page()
                unit = "" if role in ("office", "notary", "justice") else "区教育局"
                await page.goto(f"{url}/sign-in?as={role}&unit={unit}&name=页面测试&next={desk}")
                await page.close()
            found[role, look] = context
    yield found
    for context in found.values():
        await context.close()


async def first_view(browser: Browser, address: str) -> float:
    """Bytes on the wire until a new visitor sees the page."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    wire = await context.new_cdp_session(page)
    weights: list[float] = []
    wire.on("Network.loadingFinished", lambda done: weights.append(done["encodedDataLength"]))
    await wire.send("Network.enable")
    await page.goto(address, wait_until="networkidle")
    await context.close()
    assert len(weights) >= 2, "page and style"
    return sum(weights)
