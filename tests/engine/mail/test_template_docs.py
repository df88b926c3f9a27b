"""The page about mails says what holds: its mails compile, and give the texts that it shows."""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from person import MONDAY
from written_letter import BODY, DECISION

from dsl.compile import Compiled, Project, compile_project
from dsl.found.report import as_text
from dsl.graph import Money
from engine.core.bundle import replace
from engine.mail.letters import Letters, Sender
from engine.people.catalogue import Catalogue

PAGE = (Path(__file__).parents[3] / "docs" / "templates.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+) ?([^\n]*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TEXTS = [(name.split()[0], name.split()[1], text) for kind, name, text in BLOCKS if kind == "text"]
FILTERS = re.findall(
    r"^\| (`(?:money|date|time).*?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE
)
LANGUAGES = ("en", "lv")


def project() -> Compiled:
    """All blocks of the page as one project, with `order_thanks` in English alone."""
    flows = tuple(("page.flow", text.encode()) for kind, _, text in BLOCKS if kind == "flow")
    files = tuple(
        (f"templates/{name}", text.encode()) for kind, name, text in BLOCKS if kind in ("html", "mjml")
    )
    return compile_project(Project(flows, files, LANGUAGES, "EUR", "Europe/Riga", date(2026, 11, 21)))


def shop() -> Catalogue:
    """What the page's reader has looked at and bought, and what others buy."""
    made = Catalogue()
    espresso = {"sku": "rits", "name": "Rīts espresso", "url": "https://kafija.example/rits"}
    filters = {"sku": "filters", "name": "Paper filters", "url": "https://kafija.example/filters"}
    moka = {"sku": "moka", "name": "Moka pot", "url": "https://kafija.example/moka"}
    made.learn("product_viewed", moka, MONDAY)
    for _ in range(3):
        items = [espresso, filters | {"price": Money(Decimal("3.5"), "EUR")}]
        made.learn("order_placed", {"items": items}, MONDAY)
    return made


def letters(compiled: Compiled) -> Letters:
    sender = Sender("Kafija", "info@kafija.example", "SIA Kafija, Rīga")
    return Letters(compiled.template_files, {}, LANGUAGES, sender, "Europe/Riga", catalogue=shop())


def test_the_page_s_mails_have_no_findings() -> None:
    """But that one of them has no Latvian text."""
    found = project()
    assert [each.code for each in found.findings] == ["W204"], as_text(found.findings, found.sources)
    assert found.program is not None


@pytest.mark.parametrize(("name", "language", "text"), TEXTS)
def test_the_page_s_mails_give_these_texts(name: str, language: str, text: str) -> None:
    """To the reader whom the page speaks of."""
    item = {"sku": "rits", "name": "Rīts espresso, 250 g", "price": Money(Decimal("9.9"), "EUR")}
    body = replace(
        BODY,
        template=name,
        attributes={"language": language, "first_name": "Anna"},
        trigger={"order_id": "1", "at": MONDAY, "items": [item] if name == "order_thanks" else []},
        viewed=("moka",),
        bought=("rits",),
    )
    found = letters(project()).letter(body, DECISION)
    assert found.text == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_s_mjml_gives_a_mail(language: str) -> None:
    """With the words of its language, and the link."""
    body = replace(BODY, template="spring", attributes={"language": language, "first_name": "Anna"})
    found = letters(project()).letter(body, DECISION)
    assert ("Hello, Anna" if language == "en" else "Sveiki!") in found.html
    assert 'href="https://kafija.example/u/1"' in found.html
    assert "<mj-" not in found.html


@pytest.mark.parametrize("place", range(4))
def test_the_table_of_filters_says_what_they_write(place: int) -> None:
    """In each language; blanks that do not break are blanks on the page."""
    language = ("en", "lv", "fi", "uz")[place]
    assert len(FILTERS) == 5
    for row in FILTERS:
        for name in re.findall(r"`(.+?)`", row[0]):
            mail = f"---\nsubject: S\n---\n{{{{ {'euros' if name == 'money' else 'at'} | {name} }}}}"
            path = f"templates/tips{'' if language == 'en' else '.' + language}.html"
            given = {path: mail, "templates/tips.html": mail}
            files = tuple((each, text.encode()) for each, text in given.items())
            spoken = ("en", "lv", "fi", "uz")
            compiled = compile_project(Project((), files, spoken, "EUR", "UTC", date(2026, 11, 21)))
            made = Letters(compiled.template_files, {}, spoken, Sender("K", "a@kafija.example", "R"), "UTC")
            at = datetime(2026, 12, 24, 17, 5, tzinfo=ZoneInfo("UTC"))
            values = {"euros": Money(Decimal("49.90"), "EUR"), "at": int(at.timestamp()) * 1000}
            body = replace(BODY, attributes={"language": language}, values=values)
            assert made.letter(body, DECISION).text.strip().replace("\u00a0", " ") == row[place + 1]
