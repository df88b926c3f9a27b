"""Rules that no scenario can see, and the tests that show them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A rule, the chapter (a file of rules) that it belongs to, and the test that shows it."""

    chapter: str
    rule: str
    file: str
    test: str


_CORE = "tests/engine/core"

ELSEWHERE = (
    Elsewhere(
        "steps",
        "the arm of a split is a hash of flow, split and contact",
        f"{_CORE}/test_splits.py",
        "test_the_arm_is_the_published_hash",
    ),
)
