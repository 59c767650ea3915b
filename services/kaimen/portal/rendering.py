"""From answers to pages: templates, catalogues, dates, and the headers that every page carries."""

import hashlib
import io
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import jinja2
import segno
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from litestar import Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from kaimen.kit.clock import SHANGHAI
from kaimen.portal import adoption_words, calendar_words, decision_words, notice_words, open_month_words, words
from kaimen.portal.answers import Session
from kaimen.portal.settings import PortalSettings
from kaimen.portal.visitor import Visitor

HTML = "text/html"
LOCALES = {"zh": "zh_CN", "en": "en_GB"}
MARKS = {
    "zh": {"list": "、", "colon": "：", "pause": "，", "open": "（", "close": "）"},
    "en": {"list": ", ", "colon": ": ", "pause": ", ", "open": " (", "close": ")"},
}
"""Punctuation between words that templates put together."""
_HERE = files("kaimen.portal")
STYLE = (_HERE / "static" / "site.css").read_bytes()
STYLE_PATH = f"/static/{hashlib.sha256(STYLE).hexdigest()[:16]}/site.css"


class Renderer:
    """Renders templates in the visitor's language."""

    def __init__(self, settings: PortalSettings, csrf: Callable[[str], str]) -> None:
        self._settings = settings
        self._csrf = csrf
        self._policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "manifest-src 'self'; form-action 'self'; base-uri 'none'; "
            f"frame-ancestors {settings.frame_ancestors}"
        )
        self._catalogues = {language: catalogue(language) for language in LOCALES}
        self._environments = {language: _environment(language, found) for language, found in self._catalogues.items()}

    def text(self, visitor: Visitor, message: str, **values: Any) -> str:
        """`message`, which is Chinese, in the visitor's language."""
        translated = phrase(self._catalogues[visitor.language], message, values)
        return translated % values if values else translated

    def page(
        self,
        visitor: Visitor,
        template: str,
        *,
        status: int = 200,
        personal: bool = False,
        cookies: list[Cookie] | None = None,
        **values: Any,
    ) -> Response[bytes]:
        """A page as a response. `personal` pages are kept by nobody."""
        body = (
            self._environments[visitor.language]
            .get_template(template)
            .render(
                visitor=visitor,
                language=visitor.language,
                staff=visitor.signed_in,
                csrf=self._csrf(visitor.session) if visitor.session else "",
                site_name=self._settings.site_name if visitor.language == "zh" else self._settings.site_name_en,
                public_url=self._settings.public_url,
                style_path=STYLE_PATH,
                **values,
            )
        )
        private = personal or visitor.signed_in is not None
        headers = {
            "Content-Security-Policy": self._policy,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store" if private else "private, no-cache",
            "Content-Language": "zh-CN" if visitor.language == "zh" else "en",
            "Vary": "Cookie, Accept-Language",
        }
        return Response(body.encode(), status_code=status, media_type=HTML, headers=headers, cookies=cookies or [])


def catalogue(language: str) -> NullTranslations:
    """The compiled catalogue; Chinese is the source and needs none."""
    if language == "zh":
        return NullTranslations()
    with (_HERE / "locale" / language / "messages.po").open("rb") as source:
        compiled = io.BytesIO()
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def phrase(translations: NullTranslations, message: str, values: Mapping[str, Any]) -> str:
    """`message` translated, in the form for the number `n` where the catalogue has several (Chinese has one)."""
    n = values.get("n")
    counted = translations.ngettext(message, message, n if isinstance(n, int) else 2)
    return translations.gettext(message) if counted == message else counted


_IN_BRACES = re.compile(r"\{[^}]*\}")


def _environment(language: str, translations: NullTranslations) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("kaimen.portal"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )

    def say(message: str, **values: Any) -> Markup:
        return Markup(phrase(translations, message, values)) % values

    environment.globals["_"] = say
    locale = LOCALES[language]
    gettext = translations.gettext
    environment.globals["marks"] = MARKS[language]
    environment.globals["words"] = {
        name: value
        for room in (words, adoption_words, calendar_words, decision_words, notice_words, open_month_words)
        for name, value in vars(room).items()
        if name.isupper()
    }
    environment.filters |= {
        "say": lambda text: gettext(text) if text else "",
        "day": lambda at: _day(at, locale),
        "full_day": lambda at: format_date(
            _local_day(at), "y年M月d日 EEE" if language == "zh" else "EEE d MMM y", locale
        ),
        "month_name": lambda day: format_date(day, "y年M月" if language == "zh" else "MMMM y", locale),
        "month_short": lambda day: format_date(day, "M月" if language == "zh" else "MMM", locale),
        "weekday": lambda day: format_date(day, "EEE", locale),
        "moment": lambda at: f"{_day(at, locale)} {at.astimezone(SHANGHAI):%H:%M}",
        "local": lambda at: at.astimezone(SHANGHAI),
        "clock": lambda at: f"{at.astimezone(SHANGHAI):%H:%M}",
        "when": lambda session: _when(session, locale),
        "hours": _hours,
        "path": lambda text: quote(str(text), safe=""),
        "qr": _qr,
        "detail": lambda fault: fault.detail if language == "zh" else fault.detail_en,
        "sentence": lambda known: _IN_BRACES.sub("…", known.zh if language == "zh" else known.en),
        "pairs": lambda given: [(key, gettext(word)) for key, word in given.items()],
        "field": lambda name: gettext(_field_name(name)),
    }
    return environment


def _local_day(at: datetime | date) -> date:
    return at.astimezone(SHANGHAI).date() if isinstance(at, datetime) else at


def _day(at: datetime | date, locale: str) -> str:
    return format_date(_local_day(at), "M月d日 EEE" if locale == "zh_CN" else "EEE d MMM", locale)


def _hours(session: Session) -> str:
    if session.all_day:
        return session.time_text
    return f"{session.starts_at.astimezone(SHANGHAI):%H:%M}–{session.ends_at.astimezone(SHANGHAI):%H:%M}"


def _when(session: Session, locale: str) -> str:
    return f"{_day(session.date, locale)} {_hours(session)}".strip()


def _qr(text: str) -> Markup:
    """The text as a QR code (ISO/IEC 18004) in SVG, without any style attribute."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, scale=1
    )
    return Markup(drawn)


def _field_name(path: str) -> str:
    """The word for a field that a service names by its JSON path."""
    name = path.split(".")[0].split("[")[0]
    if name == "registration" and path.endswith("contact"):
        return words.N_("联系方式")
    return words.FIELDS.get(name, path)
