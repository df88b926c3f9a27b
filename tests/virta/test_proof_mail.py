"""The mail that asks for a confirmation, when the project has none of its own."""

import pytest

from consent.contract import Decision, Links
from dsl.templates.files import TemplateFile, read_templates
from engine.mail.letters import Letters, Sender
from engine.mail.message import Letter
from virta.proof_mail import proof_subjects, with_notice, with_proof

LINKS = Links(confirm="https://stall.example/c/1", refuse="https://stall.example/r/1")
DECISION = Decision("k" * 32, 1, True, None, "plain", "", 0, 0, LINKS)
SUBJECTS = {
    "en": "Please confirm your sign-up",
    "lv": "Lūdzu, apstiprini pieteikšanos",
    "fi": "Vahvista ilmoittautumisesi",
    "uz": "Iltimos, obunangizni tasdiqlang",
    "de": "Bitte bestätigen Sie Ihre Anmeldung",
    "et": "Palun kinnita oma tellimus",
    "lt": "Patvirtinkite savo prenumeratą",
    "ru": "Пожалуйста, подтвердите подписку",
    "sv": "Bekräfta din anmälan",
}


def letters(languages: tuple[str, ...], files: tuple[TemplateFile, ...] = ()) -> Letters:
    sender = Sender("Coffee stall", "hello@stall.example", "Example Square 1, Riga")
    return Letters(with_proof(files, languages), {}, languages, sender, "UTC")


@pytest.mark.parametrize("language", SUBJECTS)
def test_it_says_what_is_agreed_to_and_shows_both_links(language: str) -> None:
    """In each language that the pages speak; in HTML and in text; with the sender's name and imprint."""
    written = letters((language,)).proof(language, ["I want <b>news</b>."], DECISION)
    assert written.subject == SUBJECTS[language]
    assert "I want &lt;b&gt;news&lt;/b&gt;." in written.html
    assert "I want <b>news</b>." in written.text
    assert f'<html lang="{language}">' in written.html
    for part in (written.html, written.text):
        for held in (LINKS.confirm, LINKS.refuse, "Coffee stall", "Example Square 1, Riga"):
            assert held in part


def test_a_language_that_we_do_not_speak_gets_the_first_one() -> None:
    """Also where that one is not ours either: then the words are English."""
    assert letters(("lv", "pl")).proof("pl", ["x"], DECISION).subject == SUBJECTS["lv"]
    assert letters(("pl", "lv")).proof("pl", ["x"], DECISION).subject == SUBJECTS["en"]
    assert letters(("pl", "lv")).proof("lv", ["x"], DECISION).subject == SUBJECTS["lv"]
    assert letters(("fi-FI",)).proof("fi-FI", ["x"], DECISION).subject == SUBJECTS["fi"]


def test_the_projects_own_takes_its_place() -> None:
    """In all languages: none of ours is mixed in."""
    own = b"---\nsubject: Was that you?\n---\n{{ links.confirm }} {{ links.refuse }}"
    read, _ = read_templates([("templates/confirm.txt", own)], ("en", "lv"))
    assert with_proof(read.files, ("en", "lv")) == read.files
    assert letters(("en", "lv"), read.files).proof("lv", ["x"], DECISION).subject == "Was that you?"


def test_its_subject_is_known_by_language_unless_it_holds_values() -> None:
    """The page after signing up names the mail to look for, as it will be called."""
    assert proof_subjects(with_proof((), ("en", "lv")), "en") == {
        "en": "Please confirm your sign-up",
        "lv": "Lūdzu, apstiprini pieteikšanos",
    }
    own = [
        ("templates/confirm.html", b"---\nsubject: Hello {{ sender.name }}\n---\n<p></p>\n"),
        ("templates/confirm.lv.html", b"---\nsubject: Vai tas biji tu?\n---\n<p></p>\n"),
    ]
    read, _ = read_templates(own, ("en", "lv"))
    assert proof_subjects(with_proof(read.files, ("en", "lv")), "en") == {"lv": "Vai tas biji tu?"}


ASKS, TELLS = "virta/new_address", "virta/old_address"
ADDRESS = {
    "en": ("May our mails come here from now on?", "Are our mails to go to another address?"),
    "lv": ("Vai turpmāk sūtīt vēstules uz šejieni?", "Vai mūsu vēstules sūtīt uz citu adresi?"),
    "fi": ("Saavatko viestimme tulla jatkossa tänne?", "Lähetetäänkö viestimme toiseen osoitteeseen?"),
    "uz": ("Xatlarimiz endi shu manzilga kelsinmi?", "Xatlarimiz boshqa manzilga yuborilsinmi?"),
    "de": (
        "Dürfen unsere Mails ab jetzt hierher kommen?",
        "Sollen unsere Mails an eine andere Adresse gehen?",
    ),
    "et": (
        "Kas meie kirjad võivad edaspidi siia tulla?",
        "Kas meie kirjad peaksid minema teisele aadressile?",
    ),
    "lt": ("Ar mūsų laiškai nuo šiol gali ateiti čia?", "Ar mūsų laiškus siųsti kitu adresu?"),
    "ru": ("Присылать наши письма теперь сюда?", "Отправлять наши письма на другой адрес?"),
    "sv": ("Får våra mejl komma hit från och med nu?", "Ska våra mejl gå till en annan adress?"),
}


@pytest.mark.parametrize("language", ADDRESS)
def test_a_change_of_address_has_two_mails_of_its_own(language: str) -> None:
    """In every language of ours, whatever templates the project has: one asks, one tells and has nothing to
    confirm."""
    own = b"---\nsubject: Was that you?\n---\n{{ links.confirm }} {{ links.refuse }}"
    read, _ = read_templates([("templates/confirm.txt", own)], (language,))
    files = with_notice(with_proof(read.files, (language,)), (language,))
    sender = Sender("Coffee stall", "hello@stall.example", "Example Square 1, Riga")
    written = Letters(files, {}, (language,), sender, "UTC")
    asks = written.proof(language, (), DECISION, ASKS)
    only = Decision("k" * 32, 1, True, None, "plain", "", 0, 0, Links(refuse=LINKS.refuse))
    tells = written.proof(language, (), only, TELLS)
    assert (asks.subject, tells.subject) == ADDRESS[language]
    for part in (asks.html, asks.text, tells.html, tells.text):
        assert LINKS.refuse in part
        assert "Coffee stall" in part
        assert "Example Square 1, Riga" in part
    assert LINKS.confirm in asks.html
    assert LINKS.confirm in asks.text
    assert tells.html.count("<a ") == 1


def noticed(language: str, color: str = "") -> Letter:
    """The mail of a hold until the end of a day."""
    imprint, contact = "Example Square 1, Riga", "privacy@stall.example"
    sender = Sender("Coffee stall", "hello@stall.example", imprint, "", contact, color)
    files = with_notice((), (language,))
    return Letters(files, {}, (language,), sender, "UTC").notice(language, 1_830_297_600_000)


@pytest.mark.parametrize("language", ADDRESS)
def test_the_mail_of_a_hold_says_who_keeps_what_and_whom_to_write_to(language: str) -> None:
    """The name stands at its head, and where questions go is an address for it, not that of the imprint."""
    written = noticed(language)
    for part in (written.html, written.text):
        assert "privacy@stall.example" in part
        assert part.index("Coffee stall") < part.index("privacy@stall.example")
    assert '<td class="head">Coffee stall</td>' in written.html


def test_our_mails_look_like_one_sender_in_the_projects_colour() -> None:
    """All stand in one frame; buttons are black and white where a project has no colour, also in the dark."""
    plain, green = noticed("en"), noticed("en", "#1f6f5c")
    assert "#1f6f5c" in green.html
    assert "#1f6f5c" not in plain.html
    assert ".button a { color: #14181c !important; }" in plain.html
    assert ".button a { color: #14181c !important; }" not in green.html
    frame = plain.html.partition("<style>")[2].partition("</style>")[0]
    assert frame in letters(("en",)).proof("en", ["x"], DECISION).html


def test_no_line_ends_within_a_word_with_a_hyphen() -> None:
    """As within "e-mail"."""
    written = letters(("en",)).proof("en", ["News by e-mail."], DECISION)
    assert 'News by <span class="whole">e-mail.</span></td>' in written.html
    assert "News by e-mail." in written.text
