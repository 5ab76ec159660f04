"""How a page is made: its language, its template, and how numbers, days and shares are written in it."""

from __future__ import annotations

from calendar import month_name
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from app import __version__
from app.console.menu import menu
from app.domain.period import SHANGHAI, Period, china_date, end_of
from app.domain.ratio import NO_RATIO, half_up
from app.services.sessions import form_token

HERE = Path(__file__).parent
LANGUAGES = ("zh", "en")
"""What pages are written in; the first one when nothing else is asked for."""

WEEKDAYS = "一二三四五六日"


Language = Annotated[str, Query(description="zh or en; otherwise Accept-Language decides")]


def language_of(request: Request, asked: str) -> str:
    """The language that was asked for by `?lang=`, else the best one of Accept-Language, else Chinese."""
    return asked if asked in LANGUAGES else _preferred(request.headers.get("accept-language", ""))


def _preferred(header: str) -> str:
    """The first of our languages by quality, then by place; a malformed part counts as unwanted."""
    best, quality = LANGUAGES[0], 0.0
    for part in header.split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in LANGUAGES and (q := _quality(parameters)) > quality:
            best, quality = primary, q
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.replace(" ", "").partition("=")
    if not parameters.strip():
        return 1.0
    # Three decimals at most (RFC 9110); whatever float() would take beside them is no quality.
    plain = value.replace(".", "", 1)
    return float(value) if name == "q" and plain.isascii() and plain.isdigit() else 0.0


class Words:
    """The words of one language, as templates call them."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.is_zh = language == "zh"

    def say(self, zh: str, en: str) -> str:
        """The one of two texts that this reader reads."""
        return zh if self.is_zh else en

    def label(self, words: Any) -> str:
        """The text of something that carries both languages."""
        return self.say(words.zh, words.en)

    def month(self, period: Period) -> str:
        """2015年4月, April 2015."""
        return self.say(f"{period.year}年{period.month}月", f"{month_name[period.month]} {period.year}")

    def day(self, day: date) -> str:
        """4月25日（星期六）, Saturday 25 April."""
        return self.say(
            f"{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）",
            f"{_WEEKDAY_NAMES[day.weekday()]} {day.day} {month_name[day.month]}",
        )

    def due(self, instant: datetime) -> str:
        """The end of a day in China, as the day it ends: 4月25日24时 for the first instant of the 26th."""
        day = china_date(instant - timedelta(microseconds=1))
        return self.say(f"{day.month}月{day.day}日24时", f"{day.day} {month_name[day.month]}, 24:00")

    def moment(self, instant: datetime) -> str:
        """Month, day and minute in China: 4月25日 23:58, 25 Apr 23:58."""
        local = instant.astimezone(SHANGHAI)
        return self.say(
            f"{local.month}月{local.day}日 {local:%H:%M}",
            f"{local.day} {month_name[local.month][:3]} {local:%H:%M}",
        )


_WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def number(value: int | None) -> str:
    """With thousands separators; a dash for nothing."""
    return NO_RATIO if value is None else f"{value:,}"


def signed(value: int) -> str:
    """A difference with its sign, a real minus: +17, −6."""
    return f"{value:+,}".replace("-", "−")


def width(numerator: int | None, denominator: int | None, full: int) -> int:
    """The length of a bar: the share of `full`, half up, never longer than it."""
    if not numerator or not denominator:
        return 0
    return min(half_up(numerator * full, denominator), full)


_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(number=number, signed=signed)
_environment.globals.update(width=width, end_of=end_of, version=__version__)


def reader(request: Request) -> dict[str, Any]:
    """Who reads the page, for its head, and what its forms carry; a visitor has no name and no forms."""
    state = request.scope["state"]
    actor, cookie = state.get("actor"), state.get("cookie", "")
    return {
        "reader": actor.name if actor else "",
        "form_token": form_token(cookie) if actor else "",
        "doors": menu(actor, is_demo=request.app.state.is_demo),
    }


def page(request: Request, template: str, asked: str, **values: Any) -> Response:
    """The template in the reader's language; `w` holds the words, `other` the address of the translation."""
    words = Words(language_of(request, asked))
    other = request.url.include_query_params(lang=words.say("en", "zh"))
    html = _environment.get_template(template).render(
        w=words,
        say=words.say,
        label=words.label,
        other=f"{other.path}?{other.query}",
        here=request.url.path,
        now=request.app.state.clock.now(),
        is_demo=request.app.state.is_demo,
        **reader(request),
        **values,
    )
    headers = {
        "Content-Language": words.say("zh-CN", "en"),
        "Vary": "Accept-Language",
        # Under no-referrer a browser sends `Origin: null` with our own forms, which then look like a stranger's.
        "Referrer-Policy": "same-origin",
    }
    return Response(html, headers=headers, media_type="text/html")
