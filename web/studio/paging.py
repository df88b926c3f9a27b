"""Long lists, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paging:
    """Page `number` of `pages` (from 1), with `size` of `total` things on each."""

    number: int
    pages: int
    size: int
    total: int

    @classmethod
    def of(cls, total: int, asked: int, size: int) -> "Paging":
        """The page asked for, or the nearest that there is."""
        pages = max(-(-total // size), 1)
        return cls(min(max(asked, 1), pages), pages, size, total)

    def part(self, things: Sequence[T]) -> Sequence[T]:
        """What stands on this page."""
        first = (self.number - 1) * self.size
        return things[first : first + self.size]


def asked_page(request: Request) -> int:
    """The page in the address; 1 for whatever is no number."""
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def query(**values: object) -> str:
    """The part of an address behind the path, without what is empty."""
    return "?" + urlencode({name: value for name, value in values.items() if value not in ("", None)})
