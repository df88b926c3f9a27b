"""The coffee shop's mails are fit to be sent: in every language, with much known and with little."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from kafija import LANGUAGES, LITTLE, MARKS, MUCH, compiled, letters, settings

from consent.contract import Decision, Links
from dsl.graph import Send
from engine.core.bundle import MailBody
from engine.mail.message import Letter

LINKS = Links(
    unsubscribe="https://mail.example/u/1",
    preferences="https://mail.example/p/1",
    confirm="https://mail.example/c/1",
    refuse="https://mail.example/r/1",
)
ALLOWED = Decision("0a" * 16, 1, True, None, "personalised", "", 0, 0, LINKS)
SERVICE = (
    *("order_confirmation", "order_on_its_way", "order_arrived"),
    *("subscription_begins", "subscription_changes"),
)
NAMES = sorted(file.name for file in compiled().template_files if not file.partial and file.language == "en")
MARKETING = [name for name in NAMES if name not in (*SERVICE, "confirm")]
LARGEST = 100_000

OWN_LETTERS = {"en": "", "lv": "āčēģīķļņšūž", "fi": "äö", "uz": "‘"}
"""At least one of these stands in every mail of the language."""

FOREIGN = {
    "lv": r"\b(the|you|your|with|and|this|from|sinä|kahvi|tilaus|joka|va|bilan|siz)\b",
    "fi": r"\b(the|you|your|with|and|this|from|un|tev|tavs|kafijas|va|bilan|siz)\b",
    "uz": r"\b(the|you|your|with|and|this|from|tev|tavs|kafijas|sinä|kahvi|tilaus)\b",
    "en": r"\b(un|tev|tavs|kafijas|sinä|kahvi|tilaus|bilan|uchun)\b",
}
"""Frequent words of the other languages, none of which is one of its own."""

NAMED = re.compile(r"“[^”]*”|„[^”]*”|Daudz laimes dzimšanas dienā!|French-press|Kafija Example.*")
"""What stands in any language as it is: names, and a wish that is explained."""


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


def written(name: str, language: str, known: dict[str, dict[str, Any]] = MUCH) -> Letter:
    """The letter as someone gets it who speaks `language`."""
    if name == "confirm":
        return letters().proof(language, ["K 1", "K <2>"], ALLOWED)
    body = MailBody(
        flow="welcome",
        journey="j",
        step=name,
        template=name,
        topic="news",
        service=False,
        at=0,
        trigger_id="t",
        attributes={"id": "a" * 32, "language": language, **known["attributes"]},
        trigger=known["trigger"],
        received={},
        values=known["values"],
    )
    return letters().letter(body, ALLOWED)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_small_sound_and_in_its_language(name: str, language: str) -> None:
    """Under 100 kB, tags closed, `lang` set, pictures with words, no placeholder left, links in both parts:
    whether much or little is known."""
    for known in (MUCH, LITTLE):
        letter = written(name, language, known)
        page = Page(letter.html)
        assert len(letter.html.encode()) < LARGEST
        assert page.open == []
        assert page.language == language
        assert all(image.get("alt") for image in page.images)
        assert all(
            (image.get("src") or "").startswith("https://kafija.example/img/") for image in page.images
        )
        shown = letter.html.split("</style>")[1] + letter.text + letter.subject
        assert not re.search(r"[{}]{2}|\{%|\bNone\b|Undefined|\|", shown)
        assert 4 < len(letter.subject) < 60
        assert all(link.startswith("https://") for link in page.links)
        wanted = {"confirm": (LINKS.confirm, LINKS.refuse)} | dict.fromkeys(SERVICE, ())
        ours = (LINKS.unsubscribe, LINKS.preferences, MARKS.view(ALLOWED.key))
        for link in wanted.get(name, ours):
            assert link in page.links
            assert link in letter.text
        assert "Parauga iela 1" in letter.html
        assert "Parauga iela 1" in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_written_in_the_letters_and_words_of_its_language(name: str, language: str) -> None:
    """Its own letters are there, and no frequent word of another language; Uzbek writes o‘ and g‘ with the
    turned comma, and its stop with the apostrophe."""
    letter = written(name, language, LITTLE)
    text = NAMED.sub("", f"{letter.subject}\n{letter.text}".replace(settings().sender.imprint, ""))
    own = OWN_LETTERS[language]
    assert not own or any(sign in letter.html for sign in own)
    plain = re.sub(r"https?://\S+", "", text)
    assert re.findall(FOREIGN[language], plain, re.IGNORECASE) == []
    if language == "uz":
        assert re.findall(r"\w*(?:['`ʻʼ]|(?<![ogOG])‘|[ogOG]’)\w*", plain) == []
    else:
        assert not re.search(r"\w[‘`]\w", plain)


@pytest.mark.parametrize("name", NAMES)
def test_languages_do_not_share_a_subject(name: str) -> None:
    """Nobody gets the default language by a forgotten translation; nor do two share a first line."""
    assert len({written(name, language).subject for language in LANGUAGES}) == len(LANGUAGES)
    heads = [
        re.findall(r"<(?:h1|p)\b[^>]*>(.*?)</", written(name, each).html, re.DOTALL) for each in LANGUAGES
    ]
    assert len({"".join(head) for head in heads}) == len(LANGUAGES)


@pytest.mark.parametrize("name", NAMES)
def test_a_translation_leads_where_the_original_leads(name: str) -> None:
    """The same links in the same order, so that no language loses a button."""
    original = Page(written(name, "en").html).links
    for language in LANGUAGES[1:]:
        assert sorted(Page(written(name, language).html).links) == sorted(original)


@pytest.mark.parametrize(
    ("language", "friend"),
    [
        ("en", "friend of coffee"),
        ("lv", "kafijas draugs"),
        ("fi", "kahvin ystävä"),
        ("uz", "qahva do‘sti"),
    ],
)
def test_who_gave_no_name_is_a_friend_of_coffee(language: str, friend: str) -> None:
    """And who gave one finds it on the cup, whatever it holds."""
    assert friend in written("our_story", language, LITTLE).html
    named = written("our_story", language, {**MUCH, "attributes": {"first_name": "Līga <b>"}}).html
    assert friend not in named
    assert "Līga &lt;b&gt;" in named


def test_the_confirmation_names_the_order_its_pieces_and_the_sum() -> None:
    """Money is written as the language writes it, and each piece has its line in the text."""
    english, latvian = (written("order_confirmation", language) for language in ("en", "lv"))
    assert english.subject == "Thank you for order K0002-1"
    for said in ("Rīts espresso, 250 g", "2 × €21.11", "€63.34"):
        assert said in english.html
        assert said in english.text
    assert re.search(r"€21\.11\s*\n\s*Porcelain dripper", english.text)
    assert "63,34\N{NO-BREAK SPACE}€" in latvian.html


@pytest.mark.parametrize(
    ("count", "years", "parcels"),
    [
        (1, "gads kopš", "devies 1 sūtījums"),
        (2, "gadi kopš", "devušies 2 sūtījumi"),
        (11, "gadi kopš", "devušies 11 sūtījumi"),
        (21, "gads kopš", "devies 21 sūtījums"),
    ],
)
def test_latvian_words_agree_with_their_numbers(count: int, years: str, parcels: str) -> None:
    """One, twenty-one and so on take the singular; eleven does not."""
    values = {**MUCH["values"], "years": Decimal(count), "parcels": Decimal(count)}
    told = written("anniversary", "lv", {**MUCH, "values": values})
    assert years in told.html
    assert parcels in told.html
    assert told.subject == {1: "Gads", 21: "21 gads"}.get(count, f"{count} gadi") + " kopā ar tevi"


def test_dates_of_a_subscription_are_written_out() -> None:
    """As each language writes them."""
    assert "10 March 2026" in written("subscription_begins", "en").html
    assert "2026. gada 10. marts" in written("subscription_begins", "lv").html
    assert "10. maaliskuuta 2026" in written("subscription_begins", "fi").html


@pytest.mark.parametrize("language", LANGUAGES)
def test_service_and_proof_mail_advertise_nothing(language: str) -> None:
    """No link to the shop: home, the parcel, the account and the two answers are all."""
    allowed = {
        "https://kafija.example/",
        "https://kafija.example/account/subscription",
        "https://carrier.example/t/123",
        LINKS.confirm,
        LINKS.refuse,
    }
    for name in (*SERVICE, "confirm"):
        letter = written(name, language)
        assert set(Page(letter.html).links) <= allowed
        assert not re.search(r"LABRIT|\d ?%", letter.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_a_coupon_stands_in_its_letter(language: str) -> None:
    """Those letters that are sent with a code show it in HTML and text."""
    program = compiled().program
    assert program is not None
    coded = {
        node.template
        for graph in program.flows
        for node in graph.nodes
        if isinstance(node, Send) and any(name == "code" for name, _ in node.values)
    }
    assert len(coded) == 9
    for name in coded:
        letter = written(name, language)
        assert "LABRIT-7KQ4MX" in letter.html
        assert "LABRIT-7KQ4MX" in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_survey_can_be_answered_by_one_press(language: str) -> None:
    """Five links, each with the order and its number."""
    links = [link for link in Page(written("survey", language).html).links if "/survey?" in link]
    assert links == [f"https://kafija.example/survey?order=K0002-1&score={number}" for number in range(1, 6)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_fewer_letters_leads_to_the_choice_of_how_often(language: str) -> None:
    """The preferences page has that place."""
    assert f"{LINKS.preferences}#frequency" in Page(written("fewer_letters", language).html).links


def test_the_proof_mail_shows_the_sentences_that_are_agreed_to() -> None:
    """Word for word, and escaped."""
    letter = written("confirm", "en")
    assert "K &lt;2&gt;" in letter.html
    assert "K <2>" in letter.text
