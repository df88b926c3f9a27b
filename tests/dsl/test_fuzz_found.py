"""What the fuzzer ever found holds from then on."""

import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"
sys.path.append(str(FUZZ))

from fuzzed import FOUND, KINDS, beginnings, play, words  # noqa: E402


@pytest.mark.parametrize("path", sorted(FOUND.iterdir()), ids=lambda path: path.name)
def test_a_find_is_borne(path: Path) -> None:
    """Each input that once broke the compiler gives a sound report now."""
    play(path.suffix[1:], path.read_bytes())


def test_the_fuzzer_begins_with_every_kind() -> None:
    """Scripts, layouts and texts, and the words of the language."""
    assert {kind for kind, _ in beginnings()} == set(KINDS)
    assert {b"wait for", b"send", b"order_placed"} <= set(words())
