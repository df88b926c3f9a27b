"""Checks of meaning, one subject a file: each is a function from a draft to findings."""

from collections.abc import Callable, Iterable

from dsl.draft import Draft
from dsl.finding import Finding

ALL: tuple[Callable[[Draft], Iterable[Finding]], ...] = ()
"""Every check, in no order that matters."""
