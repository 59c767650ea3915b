"""How tests look at pages: the browser, the looks, the addresses."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import BrowserContext

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
