"""Signatures over finished mails (DKIM: RFC 6376, Ed25519 by RFC 8463), relaxed in both canonicalisations.

What is signed is what goes out, permit's headers and all, so that the links of one click are covered as RFC
8058 asks. A mail that is signed by several keys carries a signature of each."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from msgspec import Struct

LEAST_RSA_BITS = 2048
"""Below 1024 nobody verifies (RFC 8301 3.2), and 1024 is no longer thought to last."""

_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_BLANKS = re.compile(rb"[ \t]+")
_FIELD = re.compile(rb"\r\n(?![ \t])")
_LINE = 72
# Those that a reader is shown or that a program acts on; some are named once more than they stand in the
# mail, so that none can be added (RFC 6376 8.15).
_ONCE = (b"from", b"to", b"subject", b"date", b"message-id", b"reply-to")
_SIGNED = frozenset(
    (
        *_ONCE,
        b"mime-version",
        b"content-type",
        b"content-transfer-encoding",
        b"list-unsubscribe",
        b"list-unsubscribe-post",
        b"auto-submitted",
        b"consent-checkpoint",
    )
)


class KeyFault(ValueError):
    """A key or selector that cannot sign mails; the message says why."""


class SigningKey(Struct, frozen=True):
    """A key of a selector. `record` is what the DNS says at `selector._domainkey.domain`, as a TXT record."""

    selector: str
    algorithm: str
    record: str
    sign: Callable[[bytes], bytes]


def read_key(selector: str, text: str) -> SigningKey:
    """The private key in `text`: PEM, or in one line of Base64 its DER (PKCS 8), or the 32 bytes of a seed of
    Ed25519. Raises `KeyFault`."""
    if not _SELECTOR.match(selector):
        raise KeyFault(f"`{selector}` is no selector; write letters, digits and hyphens, as in `virta1`.")
    key = _private(selector, text.strip())
    if isinstance(key, Ed25519PrivateKey):
        public = key.public_key().public_bytes_raw()
        # RFC 8463 3: what is signed is the hash
        return SigningKey(
            selector,
            "ed25519-sha256",
            _record("ed25519", public),
            lambda data: key.sign(hashlib.sha256(data).digest()),
        )
    if key.key_size < LEAST_RSA_BITS:
        raise KeyFault(
            f"The key of selector {selector} has {key.key_size} bits; {LEAST_RSA_BITS} are the least."
        )
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(
        selector, "rsa-sha256", _record("rsa", public), lambda data: key.sign(data, PKCS1v15(), SHA256())
    )


class Dkim:
    """Signs for `domain`, by each of `keys`. Raises `KeyFault` if there is none."""

    def __init__(self, domain: str, keys: Sequence[SigningKey]) -> None:
        if not keys:
            raise KeyFault("There is no key to sign mails with.")
        self.domain = domain.lower()
        self.keys = tuple(keys)

    def header(self, data: bytes, instant: int) -> bytes:
        """The header lines, CRLF included, to stand before a whole mail, whose dots are not doubled yet.
        `instant` is in ms UTC."""
        head, _, body = data.partition(b"\r\n\r\n")
        fields = _signed_fields(head)
        covered = b"".join(b"%b:%b\r\n" % one for one in fields.items())
        names = b":".join((*fields, *_ONCE))
        body_hash = base64.b64encode(hashlib.sha256(canonical_body(body)).digest())
        return b"".join(self._signature(key, names, covered, body_hash, instant) for key in self.keys)

    def _signature(
        self, key: SigningKey, names: bytes, covered: bytes, body_hash: bytes, instant: int
    ) -> bytes:
        value = (
            f" v=1; a={key.algorithm}; c=relaxed/relaxed; d={self.domain};\r\n"
            f" s={key.selector}; t={instant // 1000};\r\n bh="
        ).encode() + b"%b;\r\n h=%b;\r\n b=" % (body_hash, _folded(names))
        signature = key.sign(covered + b"dkim-signature:" + canonical_value(value))
        return b"DKIM-Signature:" + value + _wrapped(base64.b64encode(signature)) + b"\r\n"


def canonical_body(body: bytes) -> bytes:
    """The body as relaxed canonicalisation has it (RFC 6376 3.4.4): blanks run together, none at the end of a
    line, no empty lines at the end, and CRLF after the last one; lines end with CRLF already."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:  # a few times, for a quarter of what a regular expression costs
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n").removesuffix(b" ").rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def canonical_value(value: bytes) -> bytes:
    """The value of a header field, unfolded, blanks run together, none at its ends (RFC 6376 3.4.2)."""
    return _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _signed_fields(head: bytes) -> dict[bytes, bytes]:
    """Those fields that are signed: names in small letters, values canonical. Of several of one name the
    last, which is where a verifier begins."""
    found: dict[bytes, bytes] = {}
    for field in _FIELD.split(head):
        name, _, value = field.partition(b":")
        if (small := name.strip().lower()) in _SIGNED:
            found[small] = canonical_value(value)
    return found


def _folded(names: bytes) -> bytes:
    """The list of names, broken after colons."""
    lines: list[bytes] = []
    line = b""
    for name in names.split(b":"):
        if len(line) + len(name) >= _LINE:
            lines.append(line)
            line = b""
        line += name + b":"
    return b"\r\n  ".join((*lines, line.removesuffix(b":")))


def _wrapped(signature: bytes) -> bytes:
    return b"".join(b"\r\n  " + signature[start : start + _LINE] for start in range(0, len(signature), _LINE))


def _private(selector: str, text: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        if text.startswith("-----BEGIN"):
            key = load_pem_private_key(text.encode(), password=None)
        else:
            decoded = base64.b64decode(text, validate=True)
            if len(decoded) == 32:
                return Ed25519PrivateKey.from_private_bytes(decoded)
            key = load_der_private_key(decoded, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, binascii.Error):
        raise KeyFault(
            f"The key of selector {selector} cannot be read; write it as PEM without a password, or in one "
            "line as the Base64 of its DER."
        ) from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise KeyFault(f"The key of selector {selector} is neither an RSA nor an Ed25519 key.")
    return key


def _record(kind: str, public: bytes) -> str:
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"
