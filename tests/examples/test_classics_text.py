"""The classics of the page of the language, word for word: they compile, run, and format to themselves."""

import json
import re
import shutil
from pathlib import Path

import pytest

from virta.command import run

HERE = Path(__file__).parent / "classics_text"
TEXT = Path(__file__).parents[1] / "dsl" / "reference" / "classics.flow"
MAIL = """\
---
subject: {name}
---
<html><body><p><a href="https://shop.example/{name}">{name}</a> {code}</p>
<p>{{% if links.unsubscribe %}}<a href="{{{{ links.unsubscribe }}}}">Unsubscribe</a>{{% endif %}}
{{{{ sender.imprint }}}}</p></body></html>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the text as its flows, and a mail for each `send`."""
    shop = tmp_path / "shop"
    shutil.copytree(HERE, shop)
    shutil.copy(TEXT, shop / "classics.flow")
    (shop / "templates").mkdir()
    for name, code in re.findall(r"\bsend (\w+)( with code)?", TEXT.read_text("utf-8")):
        mail = MAIL.format(name=name, code="{{ code }}" if code else "")
        (shop / "templates" / f"{name}.html").write_text(mail, "utf-8")
    return shop


def test_the_compiler_warns_of_the_newcomers_among_the_silent(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In seven flows this is all: who is known for a day is `sleeping` by the words of that segment."""
    assert run(["check", "--format", "json", str(folder)]) == 0
    told = json.loads(capsys.readouterr().out)["findings"]
    assert [(each["code"], each["file"], each["line"]) for each in told] == [("W226", "classics.flow", 72)]


def test_the_text_is_canonical(folder: Path) -> None:
    """`virta fmt` would not move a letter, in the scenarios neither."""
    assert run(["fmt", "--check", str(folder)]) == 0


def test_the_text_does_what_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each flow on its hours, to its exits, through every step and arm."""
    assert run(["test", str(folder), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["failed"], told["findings"]) == (0, [])
    assert [(each["flow"], each["gaps"]) for each in told["coverage"]] == [
        (flow, [])
        for flow in (
            "abandoned_cart",
            "after_delivery",
            "birthday",
            "order_updates",
            "recommendations",
            "welcome",
            "winback",
        )
    ]
