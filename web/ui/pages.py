"""Pages from templates: pure, the same values give the same bytes."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from web.brand import Brand
from web.ui.stylesheet import stylesheet
from web.ui.words import catalogues, spoken

FOLDER = Path(__file__).parent / "pages"
TIME = "HH:mm:ss (OOOO)"
_HYPHENED = re.compile(r"(?<![\w&#-])\w{1,8}(?:-\w{1,8}){1,2}(?![\w-])")
LOCALES = {"en": "en_GB"}  # day before month, 24 hours, as in the other languages


class Pages:
    """The templates with the words of all `languages` that are spoken here, the first being the default."""

    def __init__(self, brand: Brand, languages: Sequence[str]) -> None:
        self.brand = brand
        self.languages = spoken(languages)
        self._zone = ZoneInfo(brand.time_zone)
        self._names = {tag: catalogues()[tag]["meta"]["name"] for tag in self.languages}

    def render(self, name: str, language: str, **values: object) -> bytes:
        """The page `name` in `language`, UTF-8. With `switch=True` it offers the other languages."""
        frame = {
            "brand": self.brand,
            "language": language,
            "names": self._names,
            "stylesheet": stylesheet()[0],
            "switch": False,
            "words": catalogues()[language],
        }
        return _templates().get_template(f"{name}.html").render(frame | values).encode()

    def date(self, at: int, language: str) -> str:
        """The day of `at` (ms UTC) as a person writes it."""
        local = datetime.fromtimestamp(at // 1000, self._zone)
        return format_date(local, "long", LOCALES.get(language, language))

    def moment(self, at: int, language: str) -> str:
        """`at` (ms UTC) as a person writes it, to the second, with the offset from UTC."""
        locale = LOCALES.get(language, language)
        local = datetime.fromtimestamp(at // 1000, self._zone)
        return f"{self.date(at, language)}, {format_time(local, TIME, locale=locale)}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["fill"] = _fill
    environment.filters["unbroken"] = _unbroken
    return environment


def _unbroken(text: str) -> Markup:
    """Keep short words with a hyphen on one line; the letters stay as they are."""
    return Markup(_HYPHENED.sub(r'<span class="unbroken">\g<0></span>', str(escape(text))))


def _fill(text: str, **values: str) -> Markup:
    """Put values into the catalogue's `{…}`; both are escaped, but for a value that is markup."""
    return escape(text).format(**values)
