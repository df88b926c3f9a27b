"""The words of the pages, one catalogue a language (`words/*.toml`)."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
FALLBACK = "en"

Words = Mapping[str, Mapping[str, str]]


@cache
def catalogues() -> Mapping[str, Words]:
    """Every language that ships, by its tag: section → key → words, in which `{…}` is to be filled in."""
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))}


def spoken(languages: Sequence[str]) -> tuple[str, ...]:
    """Those of a project's `languages` that the pages speak, in the project's order; English if none."""
    return tuple(language for language in languages if language in catalogues()) or (FALLBACK,)
