"""Pages from templates: pure, the same values give the same bytes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.brand import Brand
from web.ui.stylesheet import stylesheet
from web.ui.words import catalogues, spoken

FOLDER = Path(__file__).parent / "pages"


class Pages:
    """The templates with the words of all `languages` that are spoken here, the first being the default."""

    def __init__(self, brand: Brand, languages: Sequence[str]) -> None:
        self.brand = brand
        self.languages = spoken(languages)
        self._zone = ZoneInfo(brand.time_zone)
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters["fill"] = _fill
        self._environment.globals.update(
            brand=brand,
            stylesheet=stylesheet()[0],
            names={tag: catalogues()[tag]["meta"]["name"] for tag in self.languages},
        )

    def render(self, name: str, language: str, **values: object) -> bytes:
        """The page `name` in `language`, UTF-8. With `switch=True` it offers the other languages."""
        template = self._environment.get_template(f"{name}.html")
        values.setdefault("switch", False)
        return template.render(language=language, words=catalogues()[language], **values).encode()

    def moment(self, at: int, language: str) -> str:
        """`at` (ms UTC) as a person writes it, to the second, with the zone."""
        instant = datetime.fromtimestamp(at // 1000, UTC)
        return format_datetime(instant, "long", tzinfo=self._zone, locale=language)


def _fill(text: str, **values: str) -> str:
    """Put values into the catalogue's `{…}`; the result is escaped like any text."""
    return text.format(**values)
