"""`virta serve consent` and `virta serve` as two processes, used as the world uses them."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from consent_process import ServedConsent, make_two
from serving import Served, eventually

from consent.client.remote import Remote
from virta.command import run
from virta.mailbox.reader import Mail, mails
from virta.mailbox.running import Running, start

ANNA = "anna@example.com"
API = {"Authorization": "Bearer the stall's key"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Two:
    """Both processes, and the mail server that both use."""

    engine: Served
    consent: ServedConsent
    mailbox: Running
    key: str

    def subjects(self, to: str = ANNA) -> list[str]:
        """What came to an address, in order."""
        return [mail.subject for mail in mails(self.mailbox.folder) if to in mail.recipients]

    def arrives(self, subject: str, to: str = ANNA) -> Mail:
        """The newest mail so called, once it is there."""
        return eventually(lambda: self._found(subject, to))

    def _found(self, subject: str, to: str) -> Mail | None:
        found = [mail for mail in mails(self.mailbox.folder) if to in mail.recipients]
        return next((mail for mail in found if mail.subject == subject), None)

    def tell(self, *events: tuple[str, str, dict[str, object], str]) -> None:
        """Post events to the engine: id, name, data and address of each."""
        body = [
            {"id": id_, "event": name, "data": data, "contact": {"email": email}}
            for id_, name, data, email in events
        ]
        answer = httpx2.post(f"{self.engine.url}/v1/events", json={"events": body}, headers=API)
        assert answer.json() == {"accepted": len(events), "rejected": []}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with start(tmp_path / "mailbox") as mailbox:
        engine, consent, port, key = make_two(tmp_path, mailbox.url)
        with (
            ServedConsent(consent, port) as beside,
            Served(engine, STALL_CONSENT_KEY=key) as served,
        ):
            yield Two(served, beside, mailbox, key)


def join(base: str, two: Two, email: str = ANNA) -> Mail:
    """Sign up and confirm on the pages at `base`; the welcome."""
    with httpx2.Client(base_url=base) as http:
        page = http.get("/signup").text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        assert http.post("/signup", data=hidden | {"email": email, "topic": "news"}).status_code == 200
        proof = eventually(
            lambda: next((m for m in mails(two.mailbox.folder) if email in m.recipients), None)
        )
        text = proof.parsed().get_body(("plain",)).get_content()
        link = re.search(r"\S+/c/\S+", text)[0]
        assert link.startswith(f"{two.consent.url}/c/")
        assert http.post(urlsplit(link).path).status_code == 200
    return two.arrives("Welcome", email)


def click_of(mail: Mail) -> str:
    """The one-click link of a mail."""
    return unescape(re.fullmatch(r"<(\S+)>", mail.header("List-Unsubscribe"))[1])


def order(number: int) -> tuple[str, str, dict[str, object], str]:
    return f"o-{number}", "order_placed", {"order_id": str(number)}, f"buyer-{number}@example.com"


def test_the_whole_way_of_a_subscriber_over_two_processes(two: Two) -> None:
    """Sign-up at the one, a welcome from the other, an order, one click, silence. The engine holds no key of
    the consent service, and the consent service minds no flow."""
    welcome = join(two.consent.url, two)
    two.tell(
        ("o-1", "order_placed", {"order_id": "1"}, ANNA), ("c-1", "cart_updated", {"cart_id": "1"}, ANNA)
    )
    two.arrives("Order 1")
    two.arrives("Your cart waits")
    assert httpx2.post(click_of(welcome), data=ONE_CLICK).status_code == 200
    two.tell(
        ("c-2", "cart_updated", {"cart_id": "2"}, ANNA), ("o-2", "order_placed", {"order_id": "2"}, ANNA)
    )
    two.arrives("Order 2")
    assert Counter(two.subjects())["Your cart waits"] == 1
    assert not (two.engine.folder / "data" / "consent.db").exists()
    assert (two.engine.stop(), two.consent.stop()) == (0, 0)
    for served in (two.engine, two.consent):
        assert not [line for line in served.log() if line["level"] in ("warning", "error")]
        assert served.plain() == []


def test_the_mail_that_asked_is_kept_as_the_mail_server_got_it(
    two: Two, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The consent service mails it by itself, and an operator takes it out of its folder, with the page that
    was signed up on."""
    join(two.consent.url, two)
    kept = tmp_path / "kept"
    assert run(["consent", "show", ANNA, str(two.consent.folder), "--evidence", str(kept)]) == 0
    (eml,) = kept.glob("leaf-*-proof_mail.accepted.eml")
    (page,) = kept.glob("form-*.html")
    (receipt,) = kept.glob("leaf-*-receipt.json")
    came = [mail for mail in mails(two.mailbox.folder) if ANNA in mail.recipients]
    assert min(came, key=lambda mail: mail.position).content == eml.read_bytes()
    assert b'name="topic" value="news"' in page.read_bytes()
    assert b'"type":"confirmed"' in receipt.read_bytes()
    assert "reply 250" in capsys.readouterr().out


@pytest.mark.slow
def test_the_engines_own_pages_lead_to_the_same_service(two: Two) -> None:
    """Whoever signs up there gets the proof mail from the consent service, and is stopped there too."""
    welcome = join(two.engine.url, two)
    path = urlsplit(click_of(welcome)).path
    assert httpx2.post(f"{two.engine.url}{path}", data=ONE_CLICK).status_code == 200
    page = httpx2.get(f"{two.consent.url}{path}")
    assert page.status_code == 200
    assert httpx2.get(f"{two.engine.url}/studio/").status_code == 404


@pytest.mark.slow
def test_pages_are_there_while_the_engine_is_down(two: Two) -> None:
    """To stop, to sign up, and the mail that asks."""
    welcome = join(two.consent.url, two)
    two.engine.stop()
    assert httpx2.post(click_of(welcome), data=ONE_CLICK).status_code == 200
    with httpx2.Client(base_url=two.consent.url) as http:
        page = http.get("/signup").text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        http.post("/signup", data=hidden | {"email": "bob@example.com", "topic": "news"})
    assert eventually(lambda: two.subjects("bob@example.com"))


@pytest.mark.slow
def test_each_mail_goes_once_though_the_consent_service_dies_meanwhile(two: Two) -> None:
    """It is killed twice in the midst of mails and comes back; what was withdrawn before is withdrawn, and
    what is withdrawn meanwhile is refused, so that whoever asks tries again."""
    welcome = join(two.consent.url, two)
    click = click_of(welcome)
    total = 240
    two.tell(*(order(number) for number in range(total // 2)))
    eventually(lambda: arrived(two) > 20)
    two.consent.kill()
    with pytest.raises(httpx2.TransportError):
        httpx2.post(click, data=ONE_CLICK)
    at_the_engine = httpx2.post(f"{two.engine.url}{urlsplit(click).path}", data=ONE_CLICK)
    assert at_the_engine.status_code == 503
    assert at_the_engine.headers["Retry-After"]
    two.tell(*(order(number) for number in range(total // 2, total)))
    two.tell(("c-1", "cart_updated", {"cart_id": "1"}, ANNA))
    two.consent.again()
    assert httpx2.post(click, data=ONE_CLICK).status_code == 200
    eventually(lambda: arrived(two) > total // 2 + 5)
    two.consent.kill()
    two.consent.again()
    eventually(lambda: arrived(two) >= total)
    two.tell(("c-2", "cart_updated", {"cart_id": "2"}, ANNA), order(total))
    two.arrives(f"Order {total}", f"buyer-{total}@example.com")
    assert two.engine.stop() == 0
    every = Counter(mail.subject for mail in mails(two.mailbox.folder) if mail.subject.startswith("Order"))
    assert every == Counter(f"Order {number}" for number in range(total + 1))
    assert two.subjects().count("Your cart waits") <= 1


@pytest.mark.slow
def test_an_erasure_is_carried_through_both(
    two: Two, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the folder of the engine, while both run. That of the consent service cannot speak for the engine,
    and that of the engine cannot show what stands in the other's store."""
    join(two.consent.url, two)
    monkeypatch.setenv("STALL_CONSENT_KEY", two.key)
    assert run(["consent", "erase", ANNA, str(two.consent.folder), "--yes"]) == 2
    assert "name the folder of the engine" in capsys.readouterr().err
    assert run(["consent", "show", ANNA, str(two.engine.folder)]) == 2
    assert "Name the folder where its store is" in capsys.readouterr().err
    assert run(["doctor", str(two.engine.folder), "--format", "json"]) == 0, capsys.readouterr().out
    capsys.readouterr()
    assert run(["consent", "erase", ANNA, str(two.engine.folder), "--yes"]) == 0
    says = capsys.readouterr().out
    assert "All stores had forgotten them" in says
    assert "if a legal hold keeps them: in the folder of the consent service" in says  # its key asks no more
    assert run(["consent", "show", ANNA, str(two.consent.folder)]) == 1
    for store in (two.engine.folder / "data" / "engine.db", two.consent.folder / "data" / "consent.db"):
        assert ANNA.encode() not in store.read_bytes()


@pytest.mark.slow
def test_nobody_is_erased_apart_before_the_mail_about_a_hold_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine's folder asks the consent service, by the address and by the id."""
    with start(tmp_path / "mailbox") as mailbox:
        pass  # nobody takes mails there any more
    engine, consent, port, key = make_two(tmp_path, mailbox.url)
    monkeypatch.setenv("STALL_CONSENT_KEY", key)
    with ServedConsent(consent, port) as beside:
        asyncio.run(known_there(beside, key))
        words = ["--until", "2031-05-31", "--reason", "a claim in court"]
        assert run(["consent", "hold", ANNA, str(consent), *words]) == 0
        [subject] = set(re.findall(r"[0-9a-f]{32}", capsys.readouterr().out))
        for who in (ANNA, subject):
            assert run(["consent", "erase", who, str(engine), "--yes"]) == 1
            assert "once they are erased no mail can" in capsys.readouterr().out
        assert run(["consent", "hold", ANNA, str(consent), "--told", "2026-01-31"]) == 0
        assert run(["consent", "erase", ANNA, str(engine), "--yes"]) == 0


async def known_there(beside: ServedConsent, key: str) -> None:
    """Anna is a customer, whom the engine has told of."""
    client = Remote(beside.url, key)
    await client.subjects([ANNA])
    await client.close()


def arrived(two: Two) -> int:
    """How many orders were thanked for."""
    return sum(1 for mail in mails(two.mailbox.folder) if mail.subject.startswith("Order"))
