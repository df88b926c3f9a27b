"""Something that is not as it should be."""

from msgspec import Struct


class Complaint(Struct, frozen=True):
    """`what` is a word for its kind, `says` the finding, `do` what to do about it."""

    what: str
    says: str
    do: str
