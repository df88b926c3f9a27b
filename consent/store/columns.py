"""What a column holds, where it may hold anything: SQLite takes a text for bytes and for a number, and
whoever can write to a store may put one there. It is then told as what it is, a row that nobody can read."""

from collections.abc import Sequence

from consent.store.statement import Row


def blob(value: object) -> bytes:
    """The bytes in a column; of anything else none, which open nothing and are no leaf."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def fits(row: Sequence[object], kinds: Sequence[type]) -> bool:
    """Whether each value of a row is of the kind that its column should have."""
    return all(type(value) is kind for value, kind in zip(row, kinds, strict=True))


def readable(row: Sequence[object], kinds: Sequence[type]) -> Row:
    """The same row, with nothing (0, no bytes, no text) in place of each value of another kind."""
    return tuple(value if type(value) is kind else kind() for value, kind in zip(row, kinds, strict=True))
