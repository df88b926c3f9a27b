"""Something that may stand at a place."""

from dataclasses import dataclass
from enum import Enum


class Sort(Enum):
    """What an offer is: editors show a picture beside it. In the order in which they are listed."""

    NAME = 0
    FIELD = 1
    VALUE = 2
    WORD = 3
    LINE = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """`label` is what is shown and typed; `insert` what is put in if it is a snippet with `${1:…}`; `detail`
    stands beside the label, `says` (Markdown) below it."""

    label: str
    sort: Sort
    detail: str = ""
    says: str = ""
    insert: str = ""
