"""Another address, by the page of choices and the links of two mails."""

from urllib.parse import urlsplit

import pytest
from house import DAY, HOUR, House, heading, hidden

from consent.app.limits import Limits
from consent.contract import About, Outcome, Settlement

pytestmark = pytest.mark.anyio
OLD, NEW = "anna@example.com", "anna.new@example.com"


async def links(house: House) -> dict[About, tuple[str, str]]:
    """Send what waits; the paths of the links by what the mail is about."""
    proofs = await house.consent.proofs()
    decided = await house.consent.decide([proof.ask for proof in proofs])
    claimed = await house.consent.claim("proofs", [proof.ask for proof in proofs], [])
    done = [Settlement(one.key, one.attempt, Outcome.ACCEPTED, 250) for one in claimed.permits]
    await house.consent.settle("proofs", done)
    found = {proof.about: one.links for proof, one in zip(proofs, decided, strict=True)}
    return {about: (urlsplit(one.confirm).path, urlsplit(one.refuse).path) for about, one in found.items()}


async def ask(house: House, subject: str, email: str = NEW):
    """Fill in the form on the page as a browser does."""
    return await house.http.post(house.preferences(subject), data={"email": email, "move": "yes"})


async def test_the_button_in_the_new_mailbox_changes_the_address(house: House):
    """Until then nothing changes; then the page says what goes on, with a receipt."""
    subject = await house.join(OLD)
    house.clock.now += HOUR
    asked = await ask(house, subject)
    assert (asked.status_code, heading(asked.text)) == (200, "Check both inboxes")
    sent = await links(house)
    assert await house.consent.addresses([subject]) == [OLD]
    confirm = sent[About.NEW_ADDRESS][0]
    page = await house.http.get(confirm)
    assert heading(page.text) == "Is this your new address?"
    assert "News and tips" not in page.text
    assert OLD not in page.text
    assert "When you press the button, mail from Kafija comes to" in page.text
    assert "From now on" not in page.text
    before = house.preferences(subject)
    done = await house.http.post(confirm, data=hidden(page.text))
    assert heading(done.text) == "Our mail comes here now"
    assert "<dt>Goes on</dt><dd>News and tips</dd>" in done.text
    assert await house.consent.addresses([subject]) == [NEW]
    assert "not beyond a change of address" in (await house.http.get(before)).text
    again = await house.http.post(confirm)
    assert (again.status_code, heading(again.text)) == (410, "This link has been used")


async def test_the_answer_is_the_same_for_every_address(house: House):
    """Byte for byte: for a new one, a known one, one that left, one that was erased, and their own."""
    for email in ("known@example.com", "left@example.com", "gone@example.com"):
        house.clock.now += DAY
        await house.join(email)
    [_, left, gone] = await house.consent.subjects(
        ["known@example.com", "left@example.com", "gone@example.com"]
    )
    assert left
    assert gone
    await house.http.post(house.unsubscribe(left), data={"stop": "all"})
    await house.consent.erase(gone, "operator")
    wanted = (NEW, "known@example.com", "left@example.com", "gone@example.com", "asks4@example.com")
    asking = [await house.join(f"asks{number}@example.com") for number in range(len(wanted))]
    answers = [await ask(house, subject, email) for subject, email in zip(asking, wanted, strict=True)]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert answers[0].status_code == 200
    assert not any(email in answers[0].text for email in wanted)


async def test_the_old_mailbox_closes_it(house: House):
    """By its own link, which confirms nothing; the new mailbox's link is dead then, and older links to choose
    too."""
    subject = await house.join(OLD)
    house.clock.now += HOUR
    before = house.preferences(subject)
    await ask(house, subject)
    sent = await links(house)
    refuse = sent[About.OLD_ADDRESS][1]
    page = await house.http.get(refuse)
    assert "goes to another address" in page.text
    assert heading((await house.http.get(refuse.replace("/r/", "/c/"))).text) == "This link does not work"
    done = await house.http.post(refuse, data=hidden(page.text))
    assert "Nothing was changed because of it." in done.text
    dead = await house.http.post(sent[About.NEW_ADDRESS][0])
    assert dead.status_code == 410
    assert "The request was closed, and nothing has been changed." in dead.text
    assert (await house.http.get(before)).status_code == 410
    assert await house.consent.addresses([subject]) == [OLD]


async def test_a_notice_that_is_read_too_late_says_so(house: House):
    """And whom to write to."""
    subject = await house.join(OLD)
    house.clock.now += HOUR
    await ask(house, subject)
    sent = await links(house)
    await house.http.post(sent[About.NEW_ADDRESS][0])
    late = await house.http.get(sent[About.OLD_ADDRESS][1])
    assert late.status_code == 410
    assert "If that was not you, write to us at once." in late.text
    assert "dati@kafija.example" in late.text


@pytest.mark.parametrize("entered", ["", "nobody", "a" * 400 + "@example.com"])
async def test_what_is_no_address_is_told_where_it_stands(house: House, entered: str):
    """On the same page; nothing is mailed."""
    subject = await house.join(OLD)
    answer = await ask(house, subject, entered)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "Write the new e-mail address, for example anna@example.com." in answer.text
    assert await house.consent.proofs() == []


async def test_looking_at_the_pages_behind_both_mails_writes_nothing(house: House):
    """However a scanner asks, also with what a form would send in the address."""
    subject = await house.join(OLD)
    house.clock.now += HOUR
    await ask(house, subject)
    sent = await links(house)
    before = house.everything_stored()
    for path in {link for pair in sent.values() for link in pair if link}:
        for method in ("HEAD", "OPTIONS", "GET"):
            await house.http.request(method, path)
            await house.http.request(method, f"{path}?move=yes&email={NEW}&save=yes")
    assert house.everything_stored() == before


async def test_addresses_that_are_asked_for_count_as_sign_ups_do(house: House):
    """So that nobody has strangers asked by the thousand from one page."""
    anna, bob = await house.join(OLD), await house.join("bob@example.com")
    house.clock.now += HOUR
    house.count(Limits(per_domain=1))
    assert (await ask(house, anna, "one@strangers.example")).status_code == 200
    assert (await ask(house, bob, "two@strangers.example")).status_code == 503
    assert (await house.http.get(house.preferences(bob))).status_code == 200
    assert len(await house.consent.proofs()) == 2
