"""What stands under the pointer."""

from pathlib import Path

import pytest
from edited_project import FLOW, SCENARIO, SCHEMA, edited_project, marked
from lsprotocol.types import MarkupContent

from virta.language_server.hover import hover

FILES = {"flow": ("flows/thanks.flow", FLOW), "test": ("scenarios/thanks.flow", SCENARIO)} | {
    "schema": ("schema.flow", SCHEMA)
}


def told(folder: Path, which: str, words: str) -> str:
    """What is shown at the mark in these words of a file."""
    file, text = FILES[which]
    project = edited_project(folder, file, marked(text, words))
    found = hover(project.snapshot, project.file, project.position)
    if found is None:
        return ""
    assert isinstance(found.contents, MarkupContent)
    return found.contents.value


@pytest.mark.parametrize(
    ("which", "words", "form"),
    [
        ("flow", "▮topic news", "`topic NAME`"),
        ("schema", "to▮pic news", '`topic NAME "TITLE"`'),
        ("flow", "start o▮n order", "`start on EVENT`"),
        ("flow", "w▮ait 2", "`wait D [at TIME]`"),
        ("flow", "if clic▮ked", '`clicked MAIL [link "…"]`'),
        ("flow", "▮trigger.total", "`trigger.FIELD`"),
        ("test", "expect ▮arm", "`expect arm LABEL of SPLIT`"),
        ("test", "▮after 2 days", "`after D …`"),
        ("test", "fl▮ow thanks", "`flow NAME` (may repeat)"),
        ("schema", "num▮ber", "`NAME number`"),
        ("schema", "▮one of", '`NAME one of "A", "B"`'),
    ],
)
def test_a_word_of_the_language_tells_its_form_and_meaning(
    tmp_path: Path, which: str, words: str, form: str
) -> None:
    """The same word tells what it means where it stands."""
    assert told(tmp_path, which, words).startswith(form)


@pytest.mark.parametrize(
    ("which", "words", "part"),
    [
        ("flow", "order_▮refunded", "event order_refunded\n    order_id   text\n    total      money"),
        ("flow", "topic n▮ews", 'consent "I want news."'),
        ("flow", "coupon t▮en", "10% off"),
        ("flow", "trigger.to▮tal", "order_placed.total   money"),
        ("flow", "send g▮ift", "- `gift.lv.html`: Hello,"),
        ("flow", "clicked h▮ello", "send hello with sum_paid trigger.total   # here\nwait 2 days"),
        ("flow", "50% mon▮ey", "50% money"),
        ("test", "flow than▮ks", "At most 2 mails in 2 days."),
        ("test", "pl▮an", 'contact.plan   one of "free", "pro"'),
    ],
)
def test_a_name_tells_its_declaration(tmp_path: Path, which: str, words: str, part: str) -> None:
    """An event its fields, a topic its words, a step its neighbours, a flow how many mails it sends."""
    assert part in told(tmp_path, which, words)


@pytest.mark.parametrize(("which", "words"), [("flow", '"Th▮anks"'), ("flow", "2 ▮days"), ("schema", "▮10%")])
def test_nothing_is_told_of_texts_and_numbers(tmp_path: Path, which: str, words: str) -> None:
    """They speak for themselves."""
    assert told(tmp_path, which, words) == ""
