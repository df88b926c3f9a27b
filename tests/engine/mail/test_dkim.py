"""Signed mails, verified by dkimpy, which shares no code with what signs them."""

import base64
from collections.abc import Callable

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dkim.canonicalization import Relaxed
from hypothesis import example, given, settings
from hypothesis import strategies as st
from person import MONDAY

from engine.mail.dkim import Dkim, KeyFault, SigningKey, canonical_body, read_key
from engine.mail.message import Letter, build, wire

KEY = "0123456789abcdef" * 2
DOMAIN = "kafija.example"
FROM = "Kafija <info@kafija.example>"
TO = "anna@example.com"
PERMITTED = (
    ("List-Unsubscribe", "<https://mail.kafija.example/u/abc>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("Consent-Checkpoint", "bWFkZSB1cA==" * 40),
)
SEED = base64.b64encode(bytes(range(32))).decode()


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """A private key as a file has it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


RSA = pem(rsa.generate_private_key(65537, 2048))
KEYS = (read_key("virta1", RSA), read_key("virta2", SEED))


def dns(*keys: SigningKey) -> Callable[..., bytes]:
    """What the DNS answers, with the records that the keys ask for."""
    records = {f"{key.selector}._domainkey.{DOMAIN}.".encode(): key.record.encode() for key in keys}
    return lambda name, timeout=5: records.get(name if isinstance(name, bytes) else name.encode(), b"")


def signed(letter: Letter, *keys: SigningKey, eight_bit: bool = False) -> bytes:
    """The mail as it arrives."""
    signer = Dkim(DOMAIN, keys)
    message = build(KEY, letter, DOMAIN, MONDAY, eight_bit)
    data = wire(message, TO, PERMITTED, lambda whole: signer.header(whole, MONDAY))
    return b"\r\n".join(line.removeprefix(b".") for line in data.split(b"\r\n"))


def holds(data: bytes, *keys: SigningKey) -> list[bool]:
    """Whether each signature of a mail holds, the first one first."""
    verifier = dkim.DKIM(data)

    def one(place: int) -> bool:
        try:
            return bool(verifier.verify(idx=place, dnsfunc=dns(*keys)))
        except dkim.ValidationError:  # its way to say that the body is another
            return False

    return [one(place) for place in range(data.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:"))]


LETTER = Letter(
    "Jauna kafija 👋", "<p>Sveiki,  Anna!</p>\n.dot\n\t<p>ž </p>\n\n\n", "Sveiki!\n.\n", FROM, FROM
)

words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=80)
bodies = st.text(st.sampled_from("a b\t.\n\r ž=\u00a0"), max_size=300)


@settings(max_examples=60, deadline=None)
@given(words.map(lambda text: " ".join(text.split())), bodies, bodies, st.booleans())
@example("", "", "", False)
@example("x", "", "\n\n\n", True)
@example("x", "", " ", True)
@example("x", "a \t \n \n", "\t", True)
def test_every_mail_verifies_by_each_key(subject: str, html: str, text: str, eight_bit: bool) -> None:
    """Whatever blanks, dots and empty lines there are; RSA and Ed25519 beside each other."""
    data = signed(Letter(subject, html, text, FROM), *KEYS, eight_bit=eight_bit)
    assert holds(data, *KEYS) == [True, True]


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Date", "Message-ID", "Reply-To"])
def test_a_header_that_is_added_or_changed_breaks_it(name: str) -> None:
    """A second `From` above the signed one is what a reader would be shown."""
    data = signed(LETTER, *KEYS)
    assert holds(data, *KEYS) == [True, True]
    added = f"{name}: x\r\n".encode() + data
    assert not any(holds(added, *KEYS))
    changed = data.replace(f"\r\n{name}: ".encode(), f"\r\n{name}: x".encode())
    assert changed != data
    assert not any(holds(changed, *KEYS))


@pytest.mark.parametrize("name", [name for name, _ in PERMITTED])
def test_the_headers_of_the_permit_are_covered(name: str) -> None:
    """RFC 8058 asks it of both headers of one click; the checkpoint is a witness only if it is signed."""
    data = signed(LETTER, *KEYS)
    assert not any(holds(data.replace(f"{name}: ".encode(), f"{name}: x".encode()), *KEYS))


def test_a_changed_body_breaks_it_and_blanks_that_a_relay_takes_do_not() -> None:
    """Relaxed, not careless."""
    data = signed(LETTER, *KEYS, eight_bit=True)
    assert b"Sveiki,  Anna" in data
    assert holds(data.replace(b"Sveiki,  Anna", b"Sveiki, Anna"), *KEYS) == [True, True]
    assert not any(holds(data.replace(b"Anna", b"Anita"), *KEYS))
    assert holds(data + b"\r\n\r\n", *KEYS) == [True, True]


def test_dots_are_doubled_after_signing() -> None:
    """The server takes them out, and what arrives is what was signed."""
    letter = Letter("x", "", ".a\n..\n", FROM)
    assert holds(signed(letter, KEYS[0], eight_bit=True), KEYS[0]) == [True]


def test_a_key_of_another_domain_or_selector_does_not_verify() -> None:
    """The DNS knows the public key by both."""
    data = signed(LETTER, KEYS[0])
    assert holds(data, KEYS[1]) == [False]
    other = read_key("virta1", pem(rsa.generate_private_key(65537, 2048)))
    assert holds(data, other) == [False]


def test_a_key_is_read_as_pem_as_der_and_as_a_seed() -> None:
    """A variable of the environment takes one line more easily."""
    der = "".join(RSA.splitlines()[1:-1])
    assert read_key("virta1", der).record == KEYS[0].record
    assert KEYS[0].record.startswith("v=DKIM1; k=rsa; p=MII")
    assert KEYS[1].record.startswith("v=DKIM1; k=ed25519; p=")


@pytest.mark.parametrize(
    ("selector", "text", "says"),
    [
        ("Virta 1", RSA, "no selector"),
        ("a.-b", RSA, "no selector"),
        ("x" * 64, RSA, "no selector"),
        ("virta1", "", "cannot be read"),
        ("virta1", "no base64!", "cannot be read"),
        ("virta1", base64.b64encode(b"x" * 31).decode(), "cannot be read"),
        ("virta1", RSA.replace("M", "N"), "cannot be read"),
        ("virta1", pem(rsa.generate_private_key(65537, 1024)), "has 1024 bits; 2048 are the least"),
        ("virta1", pem(ec.generate_private_key(ec.SECP256R1())), "neither an RSA nor an Ed25519 key"),
    ],
)
def test_what_cannot_sign_is_refused_in_plain_words(selector: str, text: str, says: str) -> None:
    """Before the first mail goes out."""
    with pytest.raises(KeyFault, match=says) as fault:
        read_key(selector, text)
    assert "PRIVATE" not in str(fault.value)


def test_without_a_key_there_is_no_signer() -> None:
    """An empty list would sign nothing and say nothing."""
    with pytest.raises(KeyFault, match="no key"):
        Dkim(DOMAIN, ())


@given(bodies.map(lambda text: text.replace("\r", "").replace("\n", "\r\n").encode()))
def test_canonical_bodies_are_those_of_dkimpy(body: bytes) -> None:
    """The library's own relaxed form, byte for byte."""
    whole = body + b"\r\n"
    assert canonical_body(whole) == Relaxed.canonicalize_body(whole)
