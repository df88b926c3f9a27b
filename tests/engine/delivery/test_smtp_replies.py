"""Every answer of a mail server gives each permit one outcome, of the right class."""

import asyncio
import re
from collections.abc import Callable

import pytest
from office import Clock, Consent, Office, item
from servers import Act, Answer, Script, Server

from consent.contract import Decision
from engine.mail.message import Letter

pytestmark = pytest.mark.anyio
Opener = Callable[..., Office]


def once(answer: Answer) -> Callable[[int], Answer | None]:
    """This answer the first time, the usual one from then on."""
    return lambda before: answer if before == 0 else None


ACCEPTED, REFUSED, DEFERRED, RELEASED, UNKNOWN = ("accepted", "refused", "deferred", "released", "unknown")

CASES: list[tuple[str, Script, list[str]]] = [
    ("a refused sender", {"MAIL": once(b"550 no\r\n")}, [REFUSED]),
    ("a refused recipient", {"RCPT": once(b"550 nobody here\r\n")}, [REFUSED]),
    ("a recipient refused in several lines", {"RCPT": once(b"550-nobody\r\n550 here\r\n")}, [REFUSED]),
    ("a deferred recipient", {"RCPT": once(b"451 later\r\n")}, [DEFERRED]),
    ("a deferred DATA", {"DATA": once(b"451 later\r\n")}, [DEFERRED]),
    ("a refused DATA", {"DATA": once(b"554 no\r\n")}, [REFUSED]),
    ("a refused content", {"dot": once(b"554 spam\r\n")}, [REFUSED]),
    ("a deferred content", {"dot": once(b"452 full\r\n")}, [DEFERRED]),
    ("421 to the sender", {"MAIL": once(b"421 closing\r\n")}, [DEFERRED]),
    ("421 to the content", {"dot": once(b"421 closing\r\n")}, [DEFERRED]),
    ("DATA that is taken as a mail", {"DATA": once(b"250 thank you\r\n")}, [RELEASED, ACCEPTED]),
    ("a sender answered as if it were DATA", {"MAIL": once(b"354 what\r\n")}, [RELEASED, ACCEPTED]),
    ("garbage to the sender", {"MAIL": once(b"hello there\r\n")}, [RELEASED, ACCEPTED]),
    ("garbage to the content", {"dot": once(b"thank you\r\n")}, [UNKNOWN]),
    ("a go-ahead as the last word", {"dot": once(b"354 more\r\n")}, [UNKNOWN]),
    ("an endless reply", {"RCPT": once(b"250-" + b"x" * 20_000)}, [RELEASED, ACCEPTED]),
    ("a reply of endless lines", {"RCPT": once(b"250-x\r\n" * 3000)}, [RELEASED, ACCEPTED]),
    ("two codes in one reply", {"dot": once(b"250-yes\r\n550 no\r\n")}, [UNKNOWN]),
    ("closing at MAIL", {"MAIL": once(Act.CLOSE)}, [RELEASED, ACCEPTED]),
    ("closing at RCPT", {"RCPT": once(Act.CLOSE)}, [RELEASED, ACCEPTED]),
    ("closing at DATA", {"DATA": once(Act.CLOSE)}, [RELEASED, ACCEPTED]),
    ("closing after the dot", {"dot": once(Act.CLOSE)}, [UNKNOWN]),
    ("an answer too many", {"RCPT": once(b"250 yes\r\n250 yes\r\n250 yes\r\n")}, [RELEASED, ACCEPTED]),
]
PEACEFUL: list[tuple[str, Script, list[str]]] = [
    ("the usual", {}, [ACCEPTED]),
    ("a last reply in several lines", {"dot": b"250-queued\r\n250-as\r\n250 17\r\n"}, [ACCEPTED]),
    ("another success", {"RCPT": b"251 will forward\r\n", "dot": b"252 perhaps\r\n"}, [ACCEPTED]),
    ("line feeds alone", {"MAIL": b"250 ok\n", "dot": b"250 ok\n"}, [ACCEPTED]),
    ("codes without words", {"RCPT": b"250\r\n", "DATA": b"354\r\n", "dot": b"250\r\n"}, [ACCEPTED]),
]


WORDS = [("PIPELINING", "8BITMIME"), ("SIZE 1000000",)]


@pytest.mark.parametrize("words", WORDS, ids=["pipelined", "plain"])
async def test_first_mail_meets_an_answer_and_the_others_go(
    open_office: Opener, consent: Consent, words: tuple[str, ...]
) -> None:
    """Whatever the first mail is told, it ends as it should, and those behind it reach the server once."""

    async def one(name: str, script: Script, outcomes: list[str], people: list[str]) -> None:
        async with Server(script, words=words) as server:
            office = open_office(server.login())
            keys = office.put(*map(item, people))
            await office.drain()
            found = {key: consent.outcomes()[key] for key in keys}
            first = next((key for key in keys if found[key] != [ACCEPTED]), keys[0])
            assert found[first] == outcomes, name
            others = [key for key in keys if key != first]
            assert all(found[key][-1] == ACCEPTED for key in others), (name, found)
            assert all(outcome in (RELEASED, ACCEPTED) for key in others for outcome in found[key]), name
            ids = _ids(server)
            assert len(ids) == len(set(ids)), f"{name}: a mail went twice"
            assert set(others) <= set(ids), name
            assert office.mailer.outstanding == 0
            assert not office.attempts.found(), name

    people = iter(await consent.join(3 * len(CASES)))
    await asyncio.gather(*(one(*case, [next(people) for _ in range(3)]) for case in CASES))


@pytest.mark.parametrize("piece", [0, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("words", WORDS, ids=["pipelined", "plain"])
async def test_replies_cut_anywhere_are_understood(
    open_office: Opener, consent: Consent, piece: int, words: tuple[str, ...]
) -> None:
    """How replies are cut, folded and ended makes no difference; nothing is pipelined unasked."""

    async def one(name: str, script: Script, outcomes: list[str], people: list[str]) -> None:
        async with Server(script, words=words, piece=piece) as server:
            office = open_office(server.login())
            keys = office.put(*map(item, people))
            await office.drain()
            found = consent.outcomes()
            assert [found[key] for key in keys] == [outcomes] * 4, name
            assert office.verdicts == {key: [""] for key in keys}
            assert len(server.mails) == 4
            assert server.connections == 1
            if "PIPELINING" not in words:
                assert server.most_at_once == 1

    people = iter(await consent.join(4 * len(PEACEFUL)))
    await asyncio.gather(*(one(*case, [next(people) for _ in range(4)]) for case in PEACEFUL))


def _ids(server: Server) -> list[str]:
    found = [re.search(rb"Message-ID: <(\w+)@", mail) for mail in server.mails if mail]
    return [one.group(1).decode() for one in found if one]


async def test_content_wanted_for_nobody_is_none(open_office: Opener, consent: Consent) -> None:
    """A server that refuses the recipient and still wants content gets none, and no mail (RFC 2920 3.1)."""
    script: Script = {
        "RCPT": once(b"550 nobody\r\n"),
        "DATA": once(b"354 go ahead\r\n"),
        "dot": once(b"554 no valid recipients\r\n"),
    }
    people = await consent.join(2)
    async with Server(script) as server:
        office = open_office(server.login())
        first, second = office.put(*map(item, people))
        await office.drain()
        assert consent.outcomes() == {first: [REFUSED], second: [ACCEPTED]}
        assert server.mails[0] == b""
        assert server.connections == 1


async def test_envelope_of_the_next_mail_goes_with_the_dot(open_office: Opener, consent: Consent) -> None:
    """With PIPELINING three commands come at once, and never the content of a mail that was not let in."""
    people = await consent.join(20)
    async with Server() as server:
        office = open_office(server.login())
        office.put(*map(item, people))
        await office.drain()
        assert server.most_at_once == 3
        assert len(server.mails) == 20


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})], ids=["uvloop"])
async def test_mails_go_over_another_event_loop(open_office: Opener, consent: Consent) -> None:
    """uvloop's transports are no subclasses of asyncio's; mails go all the same, large ones too."""
    people = await consent.join(6)

    def write(decision: Decision, address: str) -> Letter:
        return Letter("News", "", "word " * 400_000, "Kafija <a@kafija.example>")

    async with Server() as server:
        office = open_office(server.login(), connections=2)
        keys = office.put(*(item(person, write) for person in people))
        await office.drain()
        assert consent.outcomes() == {key: [ACCEPTED] for key in keys}
        assert sorted(_ids(server)) == sorted(keys)


async def test_eight_bit_is_said_only_where_it_is_taken(open_office: Opener, consent: Consent) -> None:
    """A body with letters over ASCII goes as it is under BODY=8BITMIME, else in Base64."""

    def write(decision: Decision, address: str) -> Letter:
        return Letter("Ziņas", "", "Ķekava\n", "Kafija <a@kafija.example>")

    [anna, berta] = await consent.join(2)
    async with Server() as modern, Server(words=("PIPELINING",)) as old:
        office = open_office(modern.login())
        office.put(item(anna, write))
        await office.drain()
        await office.mailer.close()
        assert "Ķekava".encode() in modern.mails[0]
        assert any("BODY=8BITMIME" in command for command in modern.commands)
        office = open_office(old.login())
        office.put(item(berta, write))
        await office.drain()
        assert old.mails[0].isascii()
        assert not any("BODY" in command for command in old.commands)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (True, ("PIPELINING", "8BITMIME")),
        (False, ("PIPELINING", "8BITMIME", "DSN")),
        (False, ("PIPELINING",)),
    ],
)
async def test_an_envelope_asks_for_no_notice_that_nobody_reads_or_the_server_does_not_make(
    open_office: Opener, consent: Consent, wanted: bool, words: tuple[str, ...]
) -> None:
    """Not a byte more than without notices."""
    [anna] = await consent.join(1)
    async with Server(words=words) as server:
        office = open_office(server.login(notices=wanted))
        office.put(item(anna))
        await office.drain()
        sender, recipient = (line for line in server.commands if line[:4] in ("MAIL", "RCPT"))
        body = " BODY=8BITMIME" if "8BITMIME" in words else ""
        assert sender == f"MAIL FROM:<bounces@kafija.example>{body}"
        assert recipient.startswith("RCPT TO:<")
        assert recipient.endswith(">")


@pytest.mark.parametrize("words", [("PIPELINING", "DSN"), ("DSN",)])
async def test_a_server_that_makes_notices_is_asked_for_them_where_somebody_reads_them(
    open_office: Opener, consent: Consent, words: tuple[str, ...]
) -> None:
    """Of success and of failure, with the head returned, under the mail's key (RFC 3461 4)."""
    people = await consent.join(2)
    async with Server(words=words) as server:
        office = open_office(server.login(notices=True))
        keys = office.put(*map(item, people))
        await office.drain()
        assert consent.outcomes() == {key: [ACCEPTED] for key in keys}
        asked = [line.partition(">")[2] for line in server.commands if line[:4] in ("MAIL", "RCPT")]
        assert asked[1::2] == [" NOTIFY=SUCCESS,FAILURE"] * 2
        assert sorted(asked[::2]) == sorted(f" RET=HDRS ENVID={key}" for key in keys)


async def test_dots_at_line_starts_are_doubled_on_the_wire(open_office: Opener, consent: Consent) -> None:
    """A line that is a dot does not end the mail (RFC 5321 4.5.2)."""
    people = await consent.join(2)
    async with Server() as server:
        office = open_office(server.login())
        office.put(*map(item, people))
        await office.drain()
        for mail in server.mails:
            body = mail.partition(b"\r\n\r\n")[2]
            assert body.startswith(b"Hello\r\n..\r\n...two dots\r\n"), body


async def test_unasked_goodbye_of_an_idle_server_only_costs_the_connection(
    open_office: Opener, consent: Consent
) -> None:
    """A server that says 421 and hangs up while nothing is under way loses nothing; the next mail goes, even
    if it was claimed just then."""
    [anna, berta] = await consent.join(2)
    async with Server() as server:
        office = open_office(server.login())
        [first] = office.put(item(anna))
        await office.drain()
        for session in list(server.open):
            session.transport.write(b"421 too quiet\r\n")
            session.transport.close()
        await server.left()
        [second] = office.put(item(berta))
        await office.drain()
        ended = consent.outcomes()
        assert ended[first] == [ACCEPTED]
        assert ended[second] in ([ACCEPTED], [RELEASED, ACCEPTED])
        assert server.connections == 2


async def test_hanging_answer_to_the_envelope_releases(open_office: Opener, consent: Consent) -> None:
    """A server that falls silent before the dot costs time, but the mail goes by the next connection."""
    [anna] = await consent.join(1)
    async with Server({"RCPT": once(Act.HANG)}) as server:
        office = open_office(server.login(timeout=0.1))
        [key] = office.put(item(anna))
        await office.drain()
        assert consent.outcomes() == {key: [RELEASED, ACCEPTED]}


async def test_hanging_answer_to_the_dot_is_unknown_and_never_sent_again(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """After the final dot silence means unknown: one mail, the one that was begun; it stays unsent."""
    people = await consent.join(3)
    async with Server({"dot": once(Act.HANG)}) as server:
        office = open_office(server.login(final_timeout=0.1))
        keys = office.put(*map(item, people))
        await office.drain()
        clock.pass_(86_400)
        await office.drain()
        ended = consent.outcomes()
        assert ended[keys[0]] == [UNKNOWN]
        assert [ended[key][-1] for key in keys[1:]] == [ACCEPTED, ACCEPTED]
        assert office.verdicts[keys[0]] == ["outcome_unknown"]
        assert len(server.mails) == 3
