"""What of a kept mail is given out: nothing by which somebody else could press a link for the person."""

import quopri
from dataclasses import replace
from email.message import EmailMessage

import msgspec
import pytest
from dice import Dice
from sqlalchemy import select

from consent.client.operating import Operating
from consent.contract import Handed, LinkRefused, Outcome, Settlement, Visit
from consent.keys import Keys
from consent.ledger.subjects import load
from consent.store.tables import evidence
from consent.subscriber.given_out import MASKED, WITHHELD, mail_of

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"
DAY = 86_400_000


@pytest.fixture
def keys():
    """Those of a project in which somebody's proof may be held."""
    return replace(Keys.random(Dice("keys")), holds=(b"the first hold key of 32 bytes..",))


def as_text(links, encoding="quoted-printable"):
    """A mail as ours are: text and HTML, each encoded so that no line has a link whole."""
    mail = EmailMessage()
    mail["Subject"], mail["To"] = "Lūdzu apstipriniet", ANNA
    mail.set_content(f"Please confirm: {links.confirm}\nNot you? {links.refuse}\n", cte=encoding)
    page = f'<p>Please confirm: <a href="{links.confirm}">yes</a> <a href="{links.refuse}">no</a></p>'
    mail.add_alternative(page, subtype="html", cte=encoding)
    return mail.as_bytes()


async def mailed(world, outcome=Outcome.ACCEPTED, encoding="quoted-printable", reply="250 ok"):
    """The proof mails go out, each with its links; by request, the mail, its links and its subject."""
    sent = {}
    for proof in await world.client.proofs():
        [decided] = await world.client.decide([proof.ask])
        await world.client.claim("proofs", [proof.ask], [])
        mail = as_text(decided.links, encoding)
        said = reply.format(decided.links.confirm)
        ended = Settlement(proof.ask.key, proof.ask.attempt, outcome, 250, Handed(mail, reply=said))
        await world.client.settle("proofs", [ended])
        sent[proof.ask.key] = mail, decided.links, proof.ask.subject
    return sent


async def seen(world, subject):
    """The evidence with a mail, as an operator is given it, each still holding."""
    found = await Operating(world.service).history(subject)
    told = [one for one in found.events if one.evidence is not None and "eml_sha256" in one.evidence]
    assert told
    assert all(one.holds for one in told)
    return [one.evidence for one in told]


def has_none(world, given, links):
    """Neither as it stands nor decoded in any way is one of these links in what was given out."""
    text = msgspec.json.encode(given).decode()
    ways = text, quopri.decodestring(text.replace("\\n", "\n").encode()).decode("utf-8", "replace")
    tokens = [url.rpartition("/")[2] for url in (links.confirm, links.refuse) if url]
    return tokens and not any(token.rpartition(".")[2] in way for token in tokens for way in ways)


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
async def test_whoever_reads_evidence_finds_no_link_that_still_works(world, encoding):
    """Anna left everything and anybody enters her address: the mail that asks her is shown in words, with
    what its bytes were, and no link; what was kept is whole."""
    anna = await world.join(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    world.clock.pass_(2 * DAY)
    await world.sign_up(ANNA)
    [(mail, links, _)] = (await mailed(world, encoding=encoding)).values()
    [given] = await seen(world, anna)
    assert mail_of(given) is None
    assert has_none(world, given, links)
    assert given["eml_withheld"] == WITHHELD
    assert (given["eml_masked"].count(MASKED), "Please confirm" in given["eml_masked"]) == (4, True)
    assert "Subject: Lūdzu apstipriniet" in given["eml_masked"]
    assert given["eml_size"] == len(mail)


@pytest.mark.parametrize("pressed", ["confirm", "refuse"])
async def test_once_its_request_is_closed_the_mail_is_given_out_to_the_byte(world, pressed):
    """Whoever pressed: then the other link is over too."""
    await world.sign_up(ANNA)
    [(mail, links, anna)] = (await mailed(world)).values()
    token = getattr(links, pressed).rpartition("/")[2]
    await getattr(world.client, pressed)(token, Visit())
    [given] = await seen(world, anna)
    assert mail_of(given) == mail
    assert not {"eml_masked", "eml_withheld"} & given.keys()


async def test_a_lapsed_request_is_not_over_as_long_as_it_can_be_refused(world):
    """ "This wasn't me" can be said after the 72 hours too; once nothing is known of the request any more,
    the mail is given out."""
    anna = await world.join(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    world.clock.pass_(2 * DAY)
    await world.sign_up(ANNA)
    [(mail, links, _)] = (await mailed(world)).values()
    world.clock.pass_(4 * DAY)
    [given] = await seen(world, anna)
    assert has_none(world, given, links)
    for _ in range(35):
        world.clock.pass_(DAY)
        while (await world.client.keep_times()).more:
            pass
    with pytest.raises(LinkRefused):
        await world.client.refuse(links.refuse.rpartition("/")[2], Visit())
    [given] = await seen(world, anna)
    assert mail_of(given) == mail


async def test_a_mail_that_came_back_or_may_go_again_is_masked_too(world):
    """Its request is open; and a server that quotes the link in its reply is masked likewise."""
    await world.sign_up(ANNA)
    [(_, links, anna)] = (await mailed(world, Outcome.DEFERRED, reply="450 I do not like {}")).values()
    world.clock.pass_(DAY // 2)
    await mailed(world, Outcome.REFUSED, reply="550 I do not like {}")
    given = await seen(world, anna)
    assert len(given) == 2
    for one in given:
        assert has_none(world, one, links)
        assert MASKED in one["reply"]


async def test_both_mails_of_another_address_are_masked_until_it_is_settled(world):
    """That to the new one and the notice to the old one, by whose link the change is stopped."""
    anna = await world.join(ANNA)
    await world.client.ask_to_move(world.preferences_token(anna), "anna.new@kafija.example", Visit())
    sent = await mailed(world)
    assert len(sent) == 2
    for _, links, subject in sent.values():
        assert all(has_none(world, one, links) for one in await seen(world, subject))
    [confirm] = [links.confirm for _, links, _ in sent.values() if links.confirm]
    await world.client.confirm(confirm.rpartition("/")[2], Visit())
    assert {mail_of(one) for one in await seen(world, anna)} == {mail for mail, _, _ in sent.values()}


async def test_a_link_that_never_ends_is_never_given_out(world):
    """Whatever a mailer tells: a link to preferences, or to leave, in the mail of a request that is over."""
    anna = await world.join(ANNA)
    world.clock.pass_(2 * DAY)
    await world.sign_up(ANNA, "offers")
    tokens = world.service.parts.tokens
    for made in (lambda: tokens.unsubscribe(anna, ""), lambda: tokens.preferences(anna)):
        link = made()
        mail = EmailMessage()
        mail.set_content(f"Choose: {link}\n", cte="base64")
        [proof] = await world.client.proofs()
        [decided] = await world.client.decide([proof.ask])
        await world.client.claim("proofs", [proof.ask], [])
        ended = Settlement(proof.ask.key, 1, Outcome.ACCEPTED, 250, Handed(mail.as_bytes(), reply="250 ok"))
        await world.client.settle("proofs", [ended])
        await world.client.refuse(decided.links.refuse.rpartition("/")[2], Visit())
        given = (await seen(world, anna))[-1]
        assert mail_of(given) is None
        assert link.rpartition(".")[2] not in msgspec.json.encode(given).decode()
        world.clock.pass_(60 * DAY)
        await world.sign_up(ANNA, "offers")


async def test_a_hold_that_is_opened_shows_no_link_that_still_works(world):
    """The seal keeps the mail whole; who looks under it is given it as everybody is."""
    anna = await world.join(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    world.clock.pass_(2 * DAY)
    await world.sign_up(ANNA)
    [(mail, links, _)] = (await mailed(world)).values()
    operator = Operating(world.service)
    await operator.hold(anna, world.clock.now + DAY, "a claim in court")
    proof = await operator.open_hold(anna)
    assert all(one.holds for one in proof.held)
    assert has_none(world, [one.evidence for one in proof.held], links)
    await world.client.confirm(links.confirm.rpartition("/")[2], Visit())
    proof = await operator.open_hold(anna)
    assert mail in {mail_of(one.evidence) for one in proof.held}


async def test_a_token_written_so_that_it_is_not_found_is_not_given_out(world):
    """A template may write it with entities: then not even the words are."""
    await world.sign_up(ANNA)
    [proof] = await world.client.proofs()
    [decided] = await world.client.decide([proof.ask])
    await world.client.claim("proofs", [proof.ask], [])
    mail = EmailMessage()
    mail.set_content(f"<p>{decided.links.confirm.replace('.', '&#46;')}</p>", subtype="html")
    ended = Settlement(proof.ask.key, 1, Outcome.ACCEPTED, 250, Handed(mail.as_bytes(), reply="250 ok"))
    await world.client.settle("proofs", [ended])
    [given] = await seen(world, proof.ask.subject)
    assert (given["eml_masked"], given["eml_withheld"]) == ("", WITHHELD)


async def test_bytes_that_are_no_mail_are_withheld(world):
    """Whatever a mailer told: nothing of it crashes, and nothing is given out before the request is over."""
    for number, mail in enumerate(
        (b"\xff\xfe\0", b"Content-Type: text/x; charset=nonsense\n\n\xffhi", b"\n")
    ):
        email = f"anna{number}@kafija.example"
        await world.sign_up(email)
        [proof] = await world.client.proofs()
        await world.client.claim("proofs", [proof.ask], [])
        ended = Settlement(proof.ask.key, 1, Outcome.ACCEPTED, 250, Handed(mail, reply="250 ok"))
        await world.client.settle("proofs", [ended])
        [given] = await seen(world, proof.ask.subject)
        assert (mail_of(given), given["eml_withheld"]) == (None, WITHHELD)


async def test_what_is_kept_is_whole_whatever_is_given_out(world):
    """Masking is of what is shown: the row keeps the mail, and gives the commitment of its leaf."""
    await world.sign_up(ANNA)
    [(mail, _, anna)] = (await mailed(world)).values()
    await seen(world, anna)

    def kept(reading):
        vault, person = reading.parts.vault, load(reading, [anna])[anna]
        for row in reading.conn.execute(select(evidence)):
            plain, known = vault.open_evidence(anna, person.wrapped, row.row, row.sealed)
            assert known == row.commitment
            yield msgspec.json.decode(plain)

    assert mail in world.service.read(lambda reading: [mail_of(one) for one in kept(reading)])
