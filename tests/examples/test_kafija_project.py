"""The coffee shop's project compiles without a word, and its mails are fit to be sent."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from consent.contract import Decision, Links
from dsl.compile import Compiled, Project, compile_project
from dsl.graph import Graph, Money, Send
from engine.core.bundle import MailBody
from engine.mail.letters import Letters, Sender
from engine.mail.message import Letter
from virta.settings import Settings, read_settings
from virta.wording import read_wording

KAFIJA = Path(__file__).parents[2] / "examples" / "kafija"
LANGUAGES = ("en", "lv", "fi")
LINKS = Links(
    unsubscribe="https://mail.example/u/1",
    preferences="https://mail.example/p/1",
    confirm="https://mail.example/c/1",
    refuse="https://mail.example/r/1",
)
ALLOWED = Decision("k", 1, True, None, "personalised", "", 0, 0, LINKS)
ORDER = {
    "order_id": "K0002-1",
    "total": Money(Decimal("63.34"), "EUR"),
    "items": (
        {"name": "Rīts espresso, 250 g", "quantity": Decimal(2), "price": Money(Decimal("21.11"), "EUR")},
        {"name": "Porcelain dripper", "quantity": Decimal(1), "price": Money(Decimal("21.12"), "EUR")},
    ),
}
LETTERS = (
    *("welcome_gift", "our_story", "better_cups", "what_others_drink", "first_order_offer"),
    *("brewing_tips", "we_miss_you", "fewer_letters"),
)
ALL = (*LETTERS, "order_thanks", "confirm")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return read_settings(KAFIJA)


@pytest.fixture(scope="module")
def compiled(settings: Settings) -> Compiled:
    def read(paths: Iterator[Path]) -> tuple[tuple[str, bytes], ...]:
        return tuple((path.relative_to(KAFIJA).as_posix(), path.read_bytes()) for path in sorted(paths))

    return compile_project(
        Project(
            files=read(KAFIJA.rglob("*.flow")),
            templates=read((KAFIJA / "templates").iterdir()),
            languages=settings.languages,
            currency=settings.currency,
            time_zone=settings.time_zone,
            today=date(2025, 1, 1),
        )
    )


@pytest.fixture(scope="module")
def letters(compiled: Compiled, settings: Settings) -> Letters:
    sender = Sender(settings.sender.name, settings.sender.address, settings.sender.imprint)
    digests = {template.name: template.digest for template in compiled.templates}
    return Letters(compiled.template_files, digests, settings.languages, sender, settings.time_zone)


def written(letters: Letters, name: str, language: str, first_name: str = "") -> Letter:
    """The letter as someone gets it who speaks `language`."""
    if name == "confirm":
        return letters.proof(language, ["I want letters.", "I want <offers>."], ALLOWED)
    attributes = {"language": language} | ({"first_name": first_name} if first_name else {})
    body = MailBody(
        flow="welcome",
        journey="j",
        step=name,
        template=name,
        topic="news",
        service=False,
        at=0,
        trigger_id="t",
        attributes=attributes,
        trigger=ORDER,
        received={},
        values={"code": "LABRIT10"},
    )
    return letters.letter(body, ALLOWED)


class Page(HTMLParser):
    """What of a mail's HTML matters here."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.language: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag == "img":
            self.images.append(given)
        if tag == "html":
            self.language = given.get("lang")
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def flow(compiled: Compiled, name: str) -> Graph:
    assert compiled.program is not None
    return next(graph for graph in compiled.program.flows if graph.flow == name)


def test_the_compiler_has_nothing_to_say(compiled: Compiled) -> None:
    """No error, and no warning either."""
    assert compiled.findings == ()
    assert compiled.program is not None
    assert {graph.flow for graph in compiled.program.flows} == {"welcome", "after_order"}


def test_every_mail_exists_in_every_language(compiled: Compiled) -> None:
    """Ten mails, three languages, each with a subject and a preheader."""
    found = {(file.name, file.language) for file in compiled.template_files if not file.partial}
    assert found == {(name, language) for name in ALL for language in LANGUAGES}
    assert all(
        {"subject", "preheader"} <= file.header.keys() for file in compiled.template_files if not file.partial
    )


def test_thanks_are_service_and_everything_else_is_marketing(compiled: Compiled) -> None:
    """Who withdraws `news` is still thanked for orders, and gets neither tips nor a win-back."""
    after_order = flow(compiled, "after_order")
    assert after_order.purpose == "service"
    assert after_order.journey_per == "order_id"
    topics = {node.template: node.topic for node in after_order.nodes if isinstance(node, Send)}
    assert topics == {
        "order_thanks": "orders",
        "brewing_tips": "news",
        "we_miss_you": "news",
        "fewer_letters": "news",
    }
    welcome = flow(compiled, "welcome")
    assert welcome.purpose == "marketing"
    assert {node.topic for node in welcome.nodes if isinstance(node, Send)} == {"news", "offers"}


def test_marketing_mail_shows_how_to_stop_and_who_sends(compiled: Compiled) -> None:
    """Where no condition can hide it: the facts that the gate asks for."""
    facts = {template.name: template for template in compiled.templates}
    assert all(facts[name].unsubscribe and facts[name].imprint for name in LETTERS)
    assert facts["order_thanks"].imprint
    assert facts["confirm"].imprint


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_a_mail_is_small_sound_and_in_its_language(letters: Letters, name: str, language: str) -> None:
    """Under 20 kB, tags closed, `lang` set, no remote image, no placeholder left, links in both parts."""
    letter = written(letters, name, language, "Līga")
    page = Page(letter.html)
    assert len(letter.html.encode()) < 20_000
    assert page.open == []
    assert page.language == language
    assert all(image.get("alt") for image in page.images)
    assert "http" not in "".join(image.get("src") or "" for image in page.images)
    assert not re.search(
        r"[{}]{2}|\{%|None|Undefined", letter.html.split("</style>")[1] + letter.text + letter.subject
    )
    wanted = {
        "confirm": (LINKS.confirm, LINKS.refuse),
        "order_thanks": (),
    }.get(name, (LINKS.unsubscribe, LINKS.preferences))
    for link in wanted:
        assert link in page.links
        assert link in letter.text
    assert "Parauga iela 1" in letter.html
    assert "Parauga iela 1" in letter.text


@pytest.mark.parametrize("name", [*LETTERS, "order_thanks"])
def test_languages_do_not_share_a_subject(letters: Letters, name: str) -> None:
    """Nobody gets the default language by a forgotten translation."""
    assert len({written(letters, name, language).subject for language in LANGUAGES}) == 3


@pytest.mark.parametrize(
    ("language", "friend"), [("en", "friend of coffee"), ("lv", "kafijas draugs"), ("fi", "kahvin ystävä")]
)
def test_who_gave_no_name_is_a_friend_of_coffee(letters: Letters, language: str, friend: str) -> None:
    """And who gave one finds it on the cup."""
    assert friend in written(letters, "our_story", language).html
    named = written(letters, "our_story", language, "Līga <b>").html
    assert friend not in named
    assert "Līga &lt;b&gt;" in named


def test_thanks_name_the_order_its_pieces_and_the_sum(letters: Letters) -> None:
    """Money is written as the language writes it, in the subject's neighbour too."""
    english, latvian = (written(letters, "order_thanks", language) for language in ("en", "lv"))
    assert english.subject == "Thank you for order K0002-1"
    for said in ("Rīts espresso, 250 g", "2 × €21.11", "€63.34"):
        assert said in english.html
        assert said in english.text
    assert "63,34\N{NO-BREAK SPACE}€" in latvian.html


def test_service_and_proof_mail_advertise_nothing(letters: Letters) -> None:
    """No link but home and the two answers: nothing to buy, nothing to read on."""
    for language in LANGUAGES:
        assert set(Page(written(letters, "order_thanks", language).html).links) == {"https://kafija.example/"}
        assert set(Page(written(letters, "confirm", language).html).links) == {
            *("https://kafija.example/", LINKS.confirm, LINKS.refuse)
        }


def test_the_proof_mail_shows_the_sentences_that_are_agreed_to(letters: Letters) -> None:
    """Word for word, and escaped."""
    letter = written(letters, "confirm", "en")
    assert "I want &lt;offers&gt;." in letter.html
    assert "I want <offers>." in letter.text


def test_all_topics_and_purposes_are_named_in_all_languages(compiled: Compiled, settings: Settings) -> None:
    """Titles everywhere, consent sentences for what asks for consent."""
    assert compiled.program is not None
    spoken = settings.languages
    wording = read_wording(KAFIJA, spoken, compiled.program.topics, settings.purposes)
    assert all(tuple(words.title) == spoken for words in wording.values())
    assert {name: tuple(words.consent) for name, words in wording.items()} == {
        "news": spoken,
        "offers": spoken,
        "guide": spoken,
        "orders": (),
        "subscription": (),
        "personalisation": spoken,
        "measurement": spoken,
    }


def test_nothing_secret_and_no_store_is_committed(settings: Settings) -> None:
    """Keys and stores are named in `.gitignore`, and the sample is not among the stores."""
    ignored = (KAFIJA / ".gitignore").read_text().split()
    assert settings.keys.file in ignored
    assert f"{settings.stores.folder}/" in ignored
    assert settings.stores.folder != "data"
