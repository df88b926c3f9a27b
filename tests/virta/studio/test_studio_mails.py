"""The studio's mailbox and its pages of mails."""

import html
import re
import shutil
from pathlib import Path

import pytest
from opened_studio import opened, words
from starlette.testclient import TestClient

from consent.contract import Links
from virta.keys import read_keys
from virta.mailbox.store import Store
from virta.mailing import marks_of
from virta.project.folder import load_sound_project
from virta.wiring import wall_clock


def test_the_mailbox_is_newest_first_and_can_be_narrowed(studio: TestClient) -> None:
    """By person, by flow, and by neither: the mails that ask for a confirmation."""
    everything = words(studio.get("/mails").text)
    assert "9 mails, newest first" in everything
    assert everything.index("Order o-1") < everything.index("Welcome")
    anna = words(studio.get("/mails?to=ANNA").text)
    assert "3 mails of these" in anna
    assert "carl@example.com" not in anna
    thanks = words(studio.get("/mails?flow=thanks").text)
    assert "2 mails of these" in thanks
    assert "4 mails of these" in words(studio.get("/mails?flow=-").text)
    assert "No such mail" in words(studio.get("/mails?to=nobody").text)


def first_mail(studio: TestClient, query: str) -> str:
    found = re.search(r'<li>\s*<a href="/studio(/mails/\d+)"', studio.get(f"/mails?{query}").text)
    assert found is not None
    return found[1]


def test_a_mail_is_shown_in_every_form(studio: TestClient) -> None:
    """In a frame that can do nothing, wide or as on a phone; as text; as its source."""
    mail = first_mail(studio, "flow=welcome&to=anna")
    for view in ("wide", "phone"):
        page = studio.get(f"{mail}?show={view}").text
        assert f'<div class="stage {view} light"><iframe sandbox title=' in page
        assert f'src="/studio{mail}/html?in=light"' in page
    assert "Hello Anna!" in words(studio.get(f"{mail}?show=text").text)
    source = html.unescape(studio.get(f"{mail}?show=source").text)
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in source
    framed = studio.get(f"{mail}/html")
    assert "Hello Anna!" in framed.text
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy


def test_links_of_a_mail_stand_beside_it(studio: TestClient) -> None:
    """So that the confirmation in a proof mail can be pressed while trying things out."""
    page = studio.get(first_mail(studio, "flow=-&to=dora")).text
    assert re.search(r'<a class="button" href="http://127.0.0.1:8025/c/[^"]+" rel="noreferrer">', page)


ODD = {
    "charset": b"Content-Type: text/html; charset=bogus-1\r\n\r\nhello",
    "rot13": b"Content-Type: text/plain; charset=rot13\r\n\r\nhello",
    "half a character": b"Content-Type: text/html; charset=utf-7\r\n\r\n+2AA-",
    "to": b'From: <>@@[\r\nTo: "\r\nMessage-ID: <[x]@@>\r\n\r\nhello',
    "date": b"Date: Fri, 31 Dec 9999 23:59:59 -2359\r\n\r\nhello",
    "declaration": b"Content-Type: text/html\r\n\r\n<![foo]><a href='https://kafija.example/'>x</a>",
    "nothing": b"",
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_mail_hides_no_other(odd: str, stall: Path, tmp_path: Path) -> None:
    """Whoever can reach the mailbox can put one in: the list and the mail itself are shown all the same."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    box = Store(folder / "data" / "mailbox", clock=wall_clock)
    position = box.append("", ["odd@example.com"], ODD[odd] + b"\r\n")
    box.close()
    for client in opened(folder):
        assert "10 mails, newest first" in words(client.get("/mails").text)
        for view in ("wide", "text", "source"):
            assert client.get(f"/mails/{position}?show={view}").status_code == 200
        assert client.get(f"/mails/{position}/html").status_code in (200, 404)


def test_looking_at_a_mail_is_no_opening_of_it(stall: Path, tmp_path: Path) -> None:
    """The pixel and the measured links are those of the person who got it, and are not in the preview."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    settings, _ = load_sound_project(folder)
    marks = marks_of(settings, read_keys(settings, folder))
    links = Links(unsubscribe="http://127.0.0.1:8025/u/abc")
    html = '<body><a href="https://stall.example/?a=1&amp;b=2">Beans</a></body>'
    marked = marks.html(html, "0a" * 16, links)
    assert "/l/" in marked
    assert "/o/" in marked
    box = Store(folder / "data" / "mailbox", clock=wall_clock)
    content = f"Content-Type: text/html\r\n\r\n{marked}".encode()
    position = box.append("", ["anna@example.com"], content)
    box.close()
    for client in opened(folder):
        assert client.get(f"/mails/{position}/html").text == html
        page = client.get(f"/mails/{position}").text
        assert '<a href="https://stall.example/?a=1&amp;b=2" rel="noreferrer">Beans</a>' in page
