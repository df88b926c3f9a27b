"""Measured links: nobody can forge one or lead it elsewhere, and all else in the mail stays as it was."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.contract import Decision, Links
from dsl.templates.files import read_templates
from engine.core.bundle import MailBody, replace
from engine.mail.letters import Letters, Sender
from engine.mail.measured import LONGEST_TARGET, Marks

URL = "https://mail.kafija.example"
MARKS = Marks(URL, b"s" * 32)
MAIL, OTHER = "0a" * 16, "0b" * 16
LINKS = Links(unsubscribe=f"{URL}/u/abc", preferences=f"{URL}/p/def?a=1&b=2")


def hrefs(html: str) -> list[str]:
    return re.findall(r"""href=["']([^"']*)""", html)


def tokens(html: str, path: str = "/l/") -> list[str]:
    return [url.removeprefix(URL + path) for url in hrefs(html) if url.startswith(URL + path)]


def marked(target: str, mail: str = MAIL) -> str:
    """The token of a link to `target`, as written in HTML."""
    (token,) = tokens(MARKS.html(f'<a class="b" href="{target}">x</a>', mail, LINKS))
    return token


def pixel(html: str) -> str:
    (token,) = re.findall(r'<img src="https://mail\.kafija\.example/o/([^"]+)\.gif"', html)
    return str(token)


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("https://kafija.example/beans", "https://kafija.example/beans"),
        ("http://kafija.example/?a=1&amp;b=2#top", "http://kafija.example/?a=1&b=2#top"),
        ("https://kafija.example/kafija-mīļākā?o‘=g‘", "https://kafija.example/kafija-mīļākā?o‘=g‘"),
    ],
)
def test_a_link_leads_through_and_on_to_its_target(written: str, target: str) -> None:
    """The target is what a browser would have followed."""
    assert MARKS.link(marked(written)) == (MAIL, target)


def test_a_link_that_browsers_and_libraries_read_otherwise_stays_as_it_is() -> None:
    """Browsers take a backslash for a slash: the host of this one is not the one that a library names."""
    html = r'<a href="https://kafija.example\@evil.example/">x</a>'
    assert hrefs(MARKS.html(html, MAIL, LINKS)) == hrefs(html)


@pytest.mark.parametrize("body", ["<html><body>{}</body></html>", "{}"])
def test_what_was_put_in_can_be_taken_out_again(body: str) -> None:
    """Links and pixel, also of a mail from when the pages stood elsewhere; what others signed stays."""
    own = f'<a class="b" href="https://kafija.example/?a=1&amp;b=ā">x</a> <a href="{URL}/u/abc">No more</a>'
    html = body.format(own)
    assert MARKS.removed(MARKS.html(html, MAIL, LINKS)) == html
    moved = MARKS.html(html, MAIL, LINKS).replace(URL + "/l/", "http://127.0.0.1:8025/l/")
    assert MARKS.removed(moved) == html
    foreign = Marks(URL, b"t" * 32).html(html, MAIL, LINKS)
    assert MARKS.removed(foreign) == foreign


@pytest.mark.parametrize(
    "html",
    [
        f'<a href="{URL}/u/abc">Unsubscribe</a>',
        f'<a href="{URL}/p/def?a=1&amp;b=2">Preferences</a>',
        '<a href="mailto:dati@kafija.example">Write</a>',
        '<a href="#top">Up</a>',
        '<a name="x">No link</a>',
        '<link rel="stylesheet" href="https://kafija.example/style.css">',
        '<img src="https://kafija.example/cup.png" alt="">',
        '<a data-href="https://kafija.example/">x</a>',
        f'<a href="https://kafija.example/{"x" * LONGEST_TARGET}">long</a>',
        "https://kafija.example/ in words",
    ],
)
def test_other_things_stay_as_they_are(html: str) -> None:
    """Virta's own links, what is no web link, pictures and style sheets."""
    written = MARKS.html(f"<html><body>{html}</body></html>", MAIL, LINKS)
    assert written.startswith(f"<html><body>{html}<img src=")


def test_every_way_of_writing_a_link_is_found() -> None:
    """Other quotes, other case, attributes before and behind, buttons of Outlook, areas of a map."""
    html = (
        "<A HREF='https://kafija.example/1'>x</A>"
        '<a\n class="x"\n href = "https://kafija.example/2" style="color:red">x</a>'
        '<!--[if mso]><v:roundrect xmlns:v="urn:x" href="https://kafija.example/3">x</v:roundrect><![endif]-->'
        '<area shape="rect" href="https://kafija.example/4">'
    )
    found = re.findall(r'"https://mail\.kafija\.example/l/([^"]+)"', MARKS.html(html, MAIL, LINKS))
    assert [MARKS.link(token) for token in found] == [
        (MAIL, f"https://kafija.example/{number}") for number in (1, 2, 3, 4)
    ]


def test_one_pixel_stands_at_the_end_of_the_body() -> None:
    """Or of all, where no body ends; it is hidden from those who listen."""
    html = MARKS.html("<body><p>Hi</p></body></html>", MAIL, LINKS)
    assert re.fullmatch(
        r'<body><p>Hi</p><img src="[^"]+\.gif" width="1" height="1" alt="" style="[^"]*"></body></html>', html
    )
    assert MARKS.pixel(pixel(html)) == MAIL
    assert MARKS.pixel(pixel(MARKS.html("<p>Hi</p>", OTHER, LINKS))) == OTHER


def test_a_pixel_is_no_link_and_a_link_no_pixel() -> None:
    """The use is signed too."""
    html = MARKS.html('<a href="https://kafija.example/">x</a>', MAIL, LINKS)
    (link,) = tokens(html)
    assert MARKS.link(pixel(html)) is None
    assert MARKS.pixel(link) is None


def test_tokens_of_another_key_are_refused() -> None:
    """Whoever made them."""
    assert Marks(URL, b"t" * 32).link(marked("https://kafija.example/")) is None


def test_a_target_cannot_be_swapped() -> None:
    """The signature of one link does not serve another target, nor another mail's."""
    one, other = (
        base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for token in (marked("https://kafija.example/"), marked("https://evil.example/", OTHER))
    )
    for forged in (one[:12] + other[12:], one[:28] + other[28:], other[:28] + one[28:]):
        assert MARKS.link(base64.urlsafe_b64encode(forged).rstrip(b"=").decode()) is None


@pytest.mark.parametrize(
    "target", ["https://kafija.example/", "https://kafija.example/1", "https://kafija.example/12"]
)
def test_a_token_has_one_spelling(target: str) -> None:
    """Of the last letter of some, not all bits count: another letter with the same ones is refused."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    view = MARKS.view(MAIL).removeprefix(f"{URL}/v/")
    link = marked(target)
    assert [each for each in letters if MARKS.viewed(view[:-1] + each)] == [view[-1]]
    assert [each for each in letters if MARKS.link(link[:-1] + each)] == [link[-1]]


def test_a_token_that_was_cut_is_refused_at_any_place() -> None:
    """Mail programs break long links."""
    token = marked("https://kafija.example/beans")
    assert [MARKS.link(token[:length]) for length in range(len(token))] == [None] * len(token)


@given(st.text(max_size=80))
def test_no_text_is_a_token(text: str) -> None:
    """And none makes it fail."""
    assert MARKS.link(text) is None
    assert MARKS.pixel(text) is None


def test_a_token_says_nothing_of_the_person() -> None:
    """It is made of the mail's key and the target only, and is the same each time the mail is written."""
    assert marked("https://kafija.example/") == marked("https://kafija.example/")
    token = marked("https://kafija.example/")
    whole = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert whole[12:] == bytes.fromhex(MAIL) + b"https://kafija.example/"


def test_the_mail_of_somebody_who_did_not_agree_is_left_alone() -> None:
    """Byte by byte what it is without marks; and of those who agreed the text part keeps its links."""
    source = (
        b'---\nsubject: Hi\n---\n<p><a href="https://kafija.example/beans">Beans</a>'
        b' <a href="{{ links.unsubscribe }}">Unsubscribe</a></p>'
    )
    templates, findings = read_templates([("templates/tips.html", source)], ("en",))
    assert findings == []
    sender = Sender("Kafija", "info@kafija.example", "SIA Kafija")
    plain = Letters(templates.files, {}, ("en",), sender, "Europe/Riga")
    marking = Letters(templates.files, {}, ("en",), sender, "Europe/Riga", MARKS)
    decision = Decision(MAIL, 1, True, None, "personalised", "", 0, 0, LINKS)
    body = MailBody("f", "j", "tips", "tips", "news", False, 0, "t", {}, {}, {}, {})
    agreed = replace(decision, measured=True)

    unmarked = plain.letter(body, agreed)
    assert marking.letter(body, decision) == unmarked == plain.letter(body, decision)
    marked = marking.letter(body, agreed)
    assert marked.text == unmarked.text
    assert "https://kafija.example/beans" in marked.text
    (token,) = tokens(marked.html)
    assert MARKS.link(token) == (MAIL, "https://kafija.example/beans")
    assert LINKS.unsubscribe in marked.html
    assert MARKS.pixel(pixel(marked.html)) == MAIL
