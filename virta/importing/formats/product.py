"""What is to be known of a product's export."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from virta.importing.person import STOPPED, Stood

Cells = Mapping[str, str]
"""The cells of a row by what they are to us (`Role`)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file that a product gives out. `stood` says of a row where the person stood there, or, as a
    text, what it cannot make out; `tells` are those who get nothing that such a file names, and `brings` says
    whether it names others too."""

    title: str
    stood: Callable[[Cells], Stood | str]
    tells: frozenset[Stood]
    brings: bool = True


@dataclass(frozen=True, slots=True)
class Product:
    """`columns` by their keys; `kind` by a file's own name and the keys of its columns (None: it is none of
    the product's); `missing` says, of those whom no file tells, how to get the file that does."""

    title: str
    columns: Mapping[str, str]
    kind: Callable[[str, frozenset[str]], Kind | None]
    missing: Mapping[Stood, str]


def always(stood: Stood) -> Callable[[Cells], Stood | str]:
    """All rows of a file stand the same."""
    return lambda cells: stood


def only(title: str, stood: Stood) -> Kind:
    """A file that holds those alone who stood like that."""
    return Kind(title, always(stood), frozenset({stood}) & frozenset(STOPPED), stood not in STOPPED)


def in_words(stands: Sequence[Stood]) -> str:
    """Those people, for a sentence."""
    said = {
        Stood.UNSUBSCRIBED: "who has unsubscribed",
        Stood.BOUNCED: "whose mail came back",
        Stood.COMPLAINED: "who called it spam",
    }
    words = [said[one] for one in stands]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
