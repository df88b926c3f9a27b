"""Links in mails: each carries a token that is good for one purpose only.

itsdangerous signs (HMAC-SHA-256) and hides nothing. Scopes are told apart by salt, so that a token of one is
forged in the eyes of every other. The library derives a key per call; it is derived once here.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from enum import StrEnum
from hashlib import sha256

from itsdangerous import BadSignature, Signer, TimestampSigner
from itsdangerous.encoding import int_to_bytes
from itsdangerous.signer import SigningAlgorithm

from consent.contract import LinkRefused
from consent.times import DAY_MS

PREFERENCES_DAYS = 30
_FETCHED = "fetched"
"""The scope of what stands in pages, and in no link."""
_FINGERPRINT = "fingerprint"
"""The scope of what signs nothing."""

_MOMENT = 8  # bytes


class Scope(StrEnum):
    CONFIRM = "confirm"
    REFUSE = "refuse"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"


_PATHS = {Scope.CONFIRM: "c", Scope.REFUSE: "r", Scope.UNSUBSCRIBE: "u", Scope.PREFERENCES: "p"}


class _OneShot(SigningAlgorithm):
    """HMAC-SHA-256 in one call into C: the library's own way to the same bytes takes four times as long."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")


_BLOCK = 64
"""Bytes of a key as HMAC-SHA-256 takes it in (RFC 2104 2)."""

_INNER, _OUTER = (bytes(each ^ pad for each in range(256)) for pad in (0x36, 0x5C))


class _Ready(Signer):
    """Signs with a newest key that was taken in once, and gives the very bytes that the library does: three
    tokens of a mail are signed, which to read is asked for by hardly one in a thousand."""

    def __init__(self, keys: list[bytes]) -> None:
        super().__init__(keys, key_derivation="none", algorithm=_OneShot())
        key = keys[-1] if len(keys[-1]) <= _BLOCK else sha256(keys[-1]).digest()
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = sha256(padded.translate(_INNER))
        self._outer = sha256(padded.translate(_OUTER))

    def get_signature(self, value: str | bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value.encode() if isinstance(value, str) else value)
        outer.update(inner.digest())
        return _encode(outer.digest())

    def signed(self, payload: bytes) -> str:
        """What `sign` gives, as text."""
        return (b"%b.%b" % (payload, self.get_signature(payload))).decode()


class _ClockSigner(TimestampSigner, _Ready):
    clock: Callable[[], int]

    def get_timestamp(self) -> int:
        return self.clock() // 1000

    def signed(self, payload: bytes) -> str:
        """What `sign` gives, as text."""
        return super().signed(b"%b.%b" % (payload, _encode(int_to_bytes(self.get_timestamp()))))


class Tokens:
    """Makes and reads tokens. `keys` is a list, newest last: the last signs, all verify."""

    def __init__(self, public_url: str, keys: Sequence[bytes], clock: Callable[[], int]) -> None:
        self._base = public_url.rstrip("/")
        self._plain: dict[Scope, _Ready] = {}
        self._timed = _ClockSigner(self._derived(keys, Scope.PREFERENCES))
        self._timed.clock = clock
        self._pages = _Ready(self._derived(keys, _FETCHED))
        self._fingerprints = [key.hex()[:32] for key in self._derived(keys, _FINGERPRINT)]
        for scope in (Scope.CONFIRM, Scope.REFUSE, Scope.UNSUBSCRIBE):
            self._plain[scope] = _Ready(self._derived(keys, scope))

    @staticmethod
    def _derived(keys: Sequence[bytes], scope: str) -> list[bytes]:
        salt = f"virta/{scope}/v1".encode()
        return [
            Signer(key, salt=salt, key_derivation="hmac", digest_method=sha256).derive_key() for key in keys
        ]

    def fingerprints(self) -> list[str]:
        """One for each key, oldest first, by which it is missed if it is taken out."""
        return list(self._fingerprints)

    def url(self, scope: Scope, token: str) -> str:
        """The address of the page behind a token."""
        return f"{self._base}/{_PATHS[scope]}/{token}"

    def unsubscribe(self, subject: str, topic: str) -> str:
        """The link that withdraws `topic` (empty: all). It never expires and is the same each time."""
        payload = _encode(bytes.fromhex(subject) + topic.encode())
        return self.url(Scope.UNSUBSCRIBE, self._plain[Scope.UNSUBSCRIBE].signed(payload))

    def preferences(self, subject: str) -> str:
        """The link to a person's preferences, good for 30 days."""
        return self.url(Scope.PREFERENCES, self._timed.signed(_encode(bytes.fromhex(subject))))

    def request(self, scope: Scope, request: str) -> str:
        """The link that confirms or refuses a sign-up, by the scope given."""
        return self.url(scope, self._plain[scope].signed(_encode(bytes.fromhex(request))))

    def fetched(self, request: str, at: int) -> str:
        """What a page carries, that behind a request's link or a form: that it was fetched at `at` (ms UTC).
        `request` is what it is about, in hex digits."""
        return self._pages.signed(_encode(bytes.fromhex(request) + at.to_bytes(_MOMENT)))

    def read_fetched(self, token: str, request: str) -> int:
        """When the page was fetched (ms UTC); 0: it is not told, or not by a page about `request`."""
        try:
            payload = _decode(self._pages.unsign(token))
        except (BadSignature, LinkRefused):
            return 0
        ours = payload[:-_MOMENT].hex() == request
        return int.from_bytes(payload[-_MOMENT:]) if ours else 0

    def read_unsubscribe(self, token: str) -> tuple[str, str]:
        """Subject and topic. Raises `LinkRefused`."""
        payload = self._open(Scope.UNSUBSCRIBE, token)
        try:
            return payload[:16].hex(), payload[16:].decode()
        except UnicodeDecodeError:
            raise LinkRefused("unknown") from None

    def read_preferences(self, token: str) -> tuple[str, int]:
        """Subject, and when the link was made (ms UTC, to the second). Raises `LinkRefused`."""
        try:
            payload, made = self._timed.unsign(token, return_timestamp=True)
        except BadSignature:
            raise LinkRefused("unknown") from None
        at = int(made.timestamp()) * 1000
        # Compared here: the library takes a link from before a clock was set back for one that is too old.
        if self._timed.clock() - at > PREFERENCES_DAYS * DAY_MS + 999:
            raise LinkRefused("expired")
        return _decode(payload).hex(), at

    def is_of(self, token: str, scope: Scope) -> bool:
        """Whether a token is one of `scope`."""
        return self._plain[scope].validate(token)

    def read_request(self, token: str, *scopes: Scope) -> str:
        """The id of a sign-up request, if the token belongs to one of `scopes`. Raises `LinkRefused`."""
        for scope in scopes:
            if self.is_of(token, scope):
                return self._open(scope, token).hex()
        raise LinkRefused("unknown")

    def _open(self, scope: Scope, token: str) -> bytes:
        try:
            return _decode(self._plain[scope].unsign(token))
        except BadSignature:
            raise LinkRefused("unknown") from None


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _encode(payload: bytes) -> bytes:
    """URL-safe Base64 without padding, in half the time that `base64` takes."""
    return binascii.b2a_base64(payload, newline=False).translate(_URL_SAFE).rstrip(b"=")


def _decode(payload: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
    except (binascii.Error, ValueError):
        raise LinkRefused("unknown") from None
