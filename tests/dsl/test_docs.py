"""The pages say what holds: the blocks run, and every finding has its line."""

import re
from datetime import date
from pathlib import Path

from golden_cases import GOLDEN

from dsl.compile import Project, compile_project
from dsl.report import as_text
from dsl.shop import SHOP

DOCS = Path(__file__).parent.parent.parent / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str, kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall((DOCS / page).read_text("utf-8")) if found == kind]


def test_the_flows_of_the_language_page_have_no_findings() -> None:
    """All blocks together are one project; each of its mails is the one that the page shows."""
    files = tuple((f"block_{n}.flow", text.encode()) for n, text in enumerate(blocks("language.md", "flow")))
    (mail,) = blocks("language.md", "html")

    def project(*names: str) -> Project:
        templates = tuple((f"templates/{name}.html", mail.encode()) for name in names)
        lists = (("codes.csv", b"TEA-4711\n"),)
        return Project(files, templates, ("en",), "EUR", "Europe/Riga", date(2026, 11, 21), lists=lists)

    missing = compile_project(project()).findings
    names = {found.group(1) for each in missing if (found := re.search(r"no template `(\w+)`", each.message))}
    assert len(names) >= 8
    found = compile_project(project(*sorted(names)))
    assert as_text(found.findings, found.sources) == ""
    assert found.program is not None
    assert {flow.flow for flow in found.program.flows} == {
        *("welcome", "order_updates", "abandoned_cart", "winback", "birthday"),
        *("weekly", "stay_with_us", "opening"),
    }


def test_the_table_of_shop_events_has_each_field_with_its_type() -> None:
    """Event by event, in the order of the code; `items` is told below the table."""
    page = (DOCS / "language.md").read_text("utf-8").partition("brings the events of an online shop:")[2]
    told: dict[str, dict[str, str]] = {}
    for events, fields in re.findall(
        r"^\| (`.*?`) \| (`.*) \|$", page.partition("\nYou may")[0], re.MULTILINE
    ):
        kinds = {
            name: group.split()[-1].strip("`").replace("items", "list")
            for group in fields.split("; ")
            for name in re.findall(r"`(\w+)`", group)
        }
        told |= dict.fromkeys(re.findall(r"`(\w+)`", events), kinds)
    assert told == {event.name: {name: kind.kind for name, kind in event.fields} for event in SHOP}
    assert list(told) == [event.name for event in SHOP]


def test_every_finding_has_a_line() -> None:
    """The list of codes is that of the golden cases, which is that of the code."""
    listed = re.findall(r"^\| ([EW]\d{3}) \|", (DOCS / "findings.md").read_text("utf-8"), re.MULTILINE)
    assert listed == sorted(set(listed))
    assert set(listed) == {path.stem[:4] for path in (GOLDEN / "bad").glob("*.flow")}
