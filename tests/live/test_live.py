"""The whole of Virta, live: a browser, a mail server, one person from the form to silence, and its proof."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from serving import Served, eventually

from virta.bench.process import virta
from virta.mailbox.reader import Mail, mails
from virta.mailbox.running import Running, start

ANNA = "anna@example.com"
KEY = "the live test's key"

# What a shop adds to the project that `virta new` makes: mails about what is looked at, and about orders.
MORE_FLOWS = """
topic orders "Your orders"
    for service

flow looked_at "Looked at"
    topic news
    start on product_viewed
    enter every time

    send more_about_it

flow ordered "Ordered"
    topic orders
    start on order_placed
    one journey per trigger.order_id

    send order_thanks
"""
MORE_MAILS = {
    "more_about_it": (
        '---\nsubject: More about {{ trigger.name | default("it") }}\n---\n{% extends "_layout.html" %}'
        "{% block body %}<h1>More about it</h1>{% endblock %}"
    ),
    "order_thanks": (
        "---\nsubject: Order {{ trigger.order_id }}\n---\n<p>Thank you.</p><p>{{ sender.imprint }}</p>"
    ),
}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    """The mail server: it keeps what it gets."""
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, mailbox: Running) -> Path:
    """What `virta new` makes, with a real mail server's address, a key for the shop, and two flows more."""
    folder = tmp_path / "shop"
    said("new", folder)
    settings = folder / "virta.toml"
    text = settings.read_text("utf-8").replace("smtp://127.0.0.1:2525", mailbox.url)
    settings.write_text(f'{text}\n[[api]]\nkey = "{KEY}"\n', "utf-8")
    (folder / "flows" / "more.flow").write_text(MORE_FLOWS, "utf-8")
    for name, mail in MORE_MAILS.items():
        (folder / "templates" / f"{name}.html").write_text(mail, "utf-8")
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab in which nothing goes wrong unseen: no error in the console, nothing that the policy refused."""
    tab = browser.new_page(locale="en-GB", viewport={"width": 390, "height": 800})
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    yield tab
    tab.close()
    assert faults == []


def arrives(mailbox: Running, subject: str) -> Mail:
    """The mail with that subject, once it is there."""
    return eventually(lambda: next((mail for mail in mails(mailbox.folder) if mail.subject == subject), None))


def open_in(page: Page, mail: Mail) -> None:
    """Show the mail's HTML, as a mail program in a browser does."""
    body = mail.parsed().get_body(("html",))
    assert body is not None
    page.goto("about:blank")  # the policy of the page before is not that of the mail
    page.set_content(body.get_content())


def test_from_the_form_to_silence_and_its_proof(
    tmp_path: Path, project: Path, mailbox: Running, page: Page
) -> None:
    """Form, proof mail, button, welcome; a mail that comes, one click, the same again and no mail; the log
    proves it, and why is told."""
    with Served(project) as served, httpx2.Client(base_url=served.url) as shop:

        def happens(id_: str, event: str, data: dict[str, object]) -> None:
            body = {"events": [{"id": id_, "event": event, "contact": {"email": ANNA}, "data": data}]}
            answer = shop.post("/v1/events", json=body, headers={"Authorization": f"Bearer {KEY}"})
            assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})

        # the form: no box is ticked in advance
        page.goto(f"{served.url}/signup")
        box = page.get_by_role("checkbox", name="News")
        expect(box).not_to_be_checked()
        box.check()
        page.get_by_role("textbox").fill(ANNA)
        page.get_by_role("button", name="Send me the link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")

        # the proof mail as a mail program shows it, its link, and the button behind that
        asked = arrives(mailbox, "Please confirm your sign-up")
        assert asked.header("List-Unsubscribe") == ""
        open_in(page, asked)
        page.get_by_role("link", name="Yes, that was me").click()
        page.get_by_role("button", name="Yes, send it to me").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, you are signed up")
        welcome = arrives(mailbox, "Welcome, friend")

        # a mail that rests on the consent comes
        happens("v-1", "product_viewed", {"sku": "MILL-38", "name": "the mill"})
        arrives(mailbox, "More about the mill")

        # one click, as mail programs do it (RFC 8058)
        assert welcome.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        click = re.fullmatch(r"<(\S+)>", welcome.header("List-Unsubscribe"))
        assert click is not None
        assert httpx2.post(click[1], data={"List-Unsubscribe": "One-Click"}).status_code == 200

        # the same event again; the order after it is thanked for, so the event has been worked on by then
        happens("v-2", "product_viewed", {"sku": "KETTLE-09", "name": "the kettle"})
        happens("o-1", "order_placed", {"order_id": "K-1"})
        arrives(mailbox, "Order K-1")

        # the page behind the link in the mail says so too
        open_in(page, welcome)
        page.get_by_role("link", name="Unsubscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You no longer get “News”")
        assert served.stop() == 0

    assert [mail.subject for mail in mails(mailbox.folder)] == [
        "Please confirm your sign-up",
        "Welcome, friend",
        "More about the mill",
        "Order K-1",
    ]
    assert not [line for line in served.log() if line["level"] in ("warning", "error")]
    assert served.plain() == []
    the_log_proves_it(project, tmp_path)
    why_is_told(project)


def said(*words: object) -> str:
    """What a command prints, which runs in a process of its own, as it does for people."""
    return subprocess.run(virta(*words), check=True, capture_output=True, text=True, timeout=60).stdout


def the_log_proves_it(project: Path, tmp_path: Path) -> None:
    """An export that anybody can verify with what `virta consent keys` prints."""
    proof = tmp_path / "proof.zip"
    said("consent", "export", project, "--out", proof)
    assert "It holds" in said("consent", "verify", proof, "--key", said("consent", "keys", project))


def why_is_told(project: Path) -> None:
    """The whole story in plain sentences, and at its end why the mail about the kettle did not go."""
    told = said("why", ANNA, project)
    in_order = (
        "Confirmed “News” by the link in the mail",
        "Got the mail welcome from “Welcome”.",
        "Got the mail more_about_it from “Looked at”.",
        "Took the agreement to “News” back with one click",
        "Did not enter “Looked at”: they had not agreed to its topic.",
        "Got the mail order_thanks from “Ordered”.",
        "The last that did not go",
    )
    places = [told.index(sentence) for sentence in in_order]
    assert places == sorted(places)
    assert "Did not enter “Looked at”: they had not agreed to its topic." in told[places[-1] :]
