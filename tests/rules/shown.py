"""Which rule of the language is shown by what: scenarios named after it, and tests of what none can see."""

import re
from dataclasses import dataclass
from pathlib import Path

from elsewhere import ELSEWHERE

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
FOLDERS = (HERE / "plain", HERE / "limited")
_HEADING = re.compile(r"# (.+)")
_SCENARIO = re.compile(r'^scenario "((?:[^"\\]|\\.)+)"$', re.MULTILINE)

_BEGINNING = """# Each rule, shown

What the language page says happens, happens. Each rule below is the title of a scenario that `virta test`
plays through the engine and the consent gate, or, where one scenario cannot see it (chance, many people,
crashes), the matter of a test. A scenario stands right below the smallest flow that shows its rule: this page
leads to an example of everything. `make test` plays them all, and compares this page with them.
"""

_ORDER = (
    "plain/durations",
    "plain/entering",
    "plain/dates",
    "plain/leaving",
    "plain/ordering",
    "plain/waits",
    "plain/deliveries",
    "plain/steps",
    "plain/own_limits",
    "limited/limits",
    "plain/comparing",
    "plain/unknown",
    "plain/history",
    "plain/money",
    "plain/people",
    "plain/scenarios",
)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A file of rules: its heading, and the titles of its scenarios in written order."""

    heading: str
    file: Path
    rules: tuple[str, ...]


def chapters() -> list[Chapter]:
    """All of them, in the order of the page."""
    named = [HERE / place.replace("/", "/rules/") for place in _ORDER]
    return [_chapter(path.with_suffix(".flow")) for path in named]


def _chapter(path: Path) -> Chapter:
    text = path.read_text("utf-8")
    heading = _HEADING.match(text)
    assert heading is not None, f"{path} has no heading in its first line"
    return Chapter(heading[1], path, tuple(title.replace('\\"', '"') for title in _SCENARIO.findall(text)))


def page() -> str:
    """docs/rules.md as it should be."""
    parts = [_BEGINNING]
    for chapter in chapters():
        place = chapter.file.relative_to(ROOT).as_posix()
        parts.append(f"## {chapter.heading}\n\nScenarios in [{place}](../{place}):\n")
        parts.append("".join(f"- {rule}\n" for rule in chapter.rules))
        others = [each for each in ELSEWHERE if each.chapter == chapter.file.stem]
        if others:
            rows = "".join(f"| {each.rule} | `{each.test}` in `{each.file}` |\n" for each in others)
            parts.append(f"| no scenario can see | the test that shows it |\n|---|---|\n{rows}")
    return "\n".join(parts)
