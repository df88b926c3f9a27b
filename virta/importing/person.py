"""What one row of another system's export says of a person."""

from typing import Any

from msgspec import Struct

from consent.contract.imports import STOPPED as STOPPED
from consent.contract.imports import Stood as Stood


class Person(Struct, frozen=True, gc=False):
    """A row that can be read. Moments are in ms UTC, 0 where the file does not say; `claimed` are the cells
    that speak of consent, by their columns and as they stand there; `attributes` are values of the types that
    the project declares."""

    line: int
    email: str
    stood: Stood
    language: str = ""
    confirmed_at: int = 0
    stopped_at: int = 0
    claimed: dict[str, str] = {}
    attributes: dict[str, Any] = {}
