"""What is kept under lock: addresses and evidence, sealed with AES-256-GCM under a key per subject.

The subject's data key is wrapped by the master key; deleting the wrapped key makes all that it sealed
unreadable. The log carries only a salted commitment, SHA-256("evid/v1\\0" ‖ salt ‖ JCS(evidence))."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.contract import Visit
from consent.errors import WrongKeys
from consent.ledger.packing import packed, unpacked
from consent.proof.canonical import canonical

Evidence = Mapping[str, str | int | list[str] | list[dict[str, str]]]
_NONCE = 12
_SALT = 32
_TAG = b"evid/v1\0"
_IP = b"ip/v1\0"
_WHOLE, _SHORT = b"\1", b"\0"
_MARK = b"suppressed/v1\0"
_FINGERPRINT = b"fingerprint/v1\0"


class Vault:
    """Seals and opens. Raises `WrongKeys` for what another master key sealed."""

    def __init__(
        self, masters: Sequence[bytes], peppers: Sequence[bytes], entropy: Callable[[int], bytes]
    ) -> None:
        self._masters = [AESGCM(master) for master in reversed(masters)]  # newest first
        self._peppers = tuple(peppers)
        # all that comes in is looked up, and to begin with the pepper is half of what that costs
        self._begun = [hmac.new(pepper, digestmod="sha256") for pepper in reversed(peppers)]
        self._entropy = entropy

    def lookup(self, folded: str) -> bytes:
        """What an address is found by: HMAC-SHA-256 under the newest pepper."""
        return _ended(self._begun[0], folded.encode())

    def lookups(self, folded: str) -> list[bytes]:
        """The same under every pepper, newest first: an address may have been stored under an older one."""
        text = folded.encode()
        return [_ended(begun, text) for begun in self._begun]

    def marks(self, folded: str) -> list[bytes]:
        """What a suppressed address is known by, under every pepper, newest first. None of them is a look-up
        of `lookups`: a store from before an erasure does not tell whose mark it is."""
        return [hmac.digest(pepper, _MARK + folded.encode(), "sha256") for pepper in reversed(self._peppers)]

    def fingerprints(self) -> list[str]:
        """One for each pepper, oldest first, by which it is missed if it is dropped."""
        return [hmac.digest(pepper, _FINGERPRINT, "sha256").hex()[:32] for pepper in self._peppers]

    def new_key(self, subject: str) -> bytes:
        """A fresh data key for `subject`, wrapped."""
        nonce = self._entropy(_NONCE)
        return nonce + self._masters[0].encrypt(nonce, self._entropy(32), _bound(subject, "", "key/v1"))

    def rewrapped(self, subject: str, wrapped: bytes) -> bytes:
        """The same data key, wrapped by the newest master key. Raises `WrongKeys`."""
        nonce = self._entropy(_NONCE)
        key = self._unwrapped(subject, wrapped)
        return nonce + self._masters[0].encrypt(nonce, key, _bound(subject, "", "key/v1"))

    def opens(self, subject: str, wrapped: bytes) -> bool:
        """Whether one of the keys here wrapped a data key."""
        return _opened(self._masters, wrapped, _bound(subject, "", "key/v1")) is not None

    @property
    def masters(self) -> int:
        """How many master keys there are."""
        return len(self._masters)

    def by_newest(self, sealed: bytes) -> bool:
        """Whether what `check` gave was sealed by the newest master key."""
        try:
            self._masters[0].decrypt(sealed[:_NONCE], sealed[_NONCE:], b"check/v1")
        except InvalidTag:
            return False
        return True

    def seal(self, subject: str, wrapped: bytes, row: str, schema: str, plain: bytes) -> bytes:
        """`plain`, sealed for one row of one schema."""
        nonce = self._entropy(_NONCE)
        return nonce + self._cipher(subject, wrapped).encrypt(nonce, plain, _bound(subject, row, schema))

    def open(self, subject: str, wrapped: bytes, row: str, schema: str, sealed: bytes) -> bytes:
        """What was sealed for exactly this subject, row and schema."""
        cipher = self._cipher(subject, wrapped)
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(subject, row, schema))
        except (InvalidTag, ValueError, TypeError):  # too short to have a nonce, or no bytes at all
            raise WrongKeys(f"The {schema} of subject {subject} was not sealed for it.") from None

    def open_address(self, subject: str, wrapped: bytes, sealed: bytes) -> str:
        """The typed form of a subject's address."""
        return self.open(subject, wrapped, "", "address/v1", sealed).decode()

    def seal_address(self, subject: str, wrapped: bytes, typed: str) -> bytes:
        """The typed form of a subject's address, sealed."""
        return self.seal(subject, wrapped, "", "address/v1", typed.encode())

    def seal_evidence(self, subject: str, wrapped: bytes, row: str, evidence: Evidence) -> tuple[bytes, str]:
        """The evidence with its salt, sealed, and the commitment (hex) that goes into the log."""
        salt, plain, known = self.salted(evidence)
        return self.seal(subject, wrapped, row, "evidence/v1", salt + packed(plain)), known

    def salted(self, evidence: Evidence) -> tuple[bytes, bytes, str]:
        """A fresh salt, the evidence's canonical JSON, and the commitment (hex) that both give."""
        salt, plain = self._entropy(_SALT), canonical(evidence)
        return salt, plain, commitment(salt, plain)

    def open_evidence(self, subject: str, wrapped: bytes, row: str, sealed: bytes) -> tuple[bytes, str]:
        """The evidence's canonical JSON, and the commitment computed from it anew."""
        salt, plain = self.open_salted(subject, wrapped, row, sealed)
        return plain, commitment(salt, plain)

    def open_salted(self, subject: str, wrapped: bytes, row: str, sealed: bytes) -> tuple[bytes, bytes]:
        """The salt, and the evidence's canonical JSON."""
        opened = self.open(subject, wrapped, row, "evidence/v1", sealed)
        return opened[:_SALT], unpacked(opened[_SALT:])

    def seal_ip(self, subject: str, wrapped: bytes, row: str, ip: str) -> tuple[bytes, str]:
        """The IP address that belongs to a row of evidence, sealed apart from it with a salt of its own, and
        the commitment (hex) that stands in the evidence: so it can be cut short, and the evidence still
        holds."""
        salt = self._entropy(_SALT)
        sealed = self.seal(subject, wrapped, row, "ip/v1", _WHOLE + salt + ip.encode())
        return sealed, _of_ip(salt, ip.encode())

    def open_ip(self, subject: str, wrapped: bytes, row: str, sealed: bytes) -> tuple[str, str]:
        """The IP address of a row, and the commitment computed from it anew; empty for one that was cut
        short."""
        opened = self.open(subject, wrapped, row, "ip/v1", sealed)
        if opened[:1] != _WHOLE:
            return opened[1:].decode(), ""
        return opened[1 + _SALT :].decode(), _of_ip(opened[1 : 1 + _SALT], opened[1 + _SALT :])

    def shorten_ip(self, subject: str, wrapped: bytes, row: str, sealed: bytes) -> bytes:
        """The same, cut short: no salt is left by which the whole one could be tried out."""
        ip, _ = self.open_ip(subject, wrapped, row, sealed)
        return self.seal(subject, wrapped, row, "ip/v1", _SHORT + shortened_ip(ip).encode())

    def check(self) -> bytes:
        """A token by which `matches` later tells whether the master key is the same. It holds no key."""
        nonce = self._entropy(_NONCE)
        return nonce + self._masters[0].encrypt(nonce, b"", b"check/v1")

    def matches(self, check: bytes) -> None:
        """Compare with what `check` gave when the store was made. Raises `WrongKeys`."""
        if _opened(self._masters, check, b"check/v1") is None:
            raise WrongKeys("The master key is not the one that this consent store was made with.")

    def _cipher(self, subject: str, wrapped: bytes) -> AESGCM:
        return AESGCM(self._unwrapped(subject, wrapped))

    def _unwrapped(self, subject: str, wrapped: bytes) -> bytes:
        key = _opened(self._masters, wrapped, _bound(subject, "", "key/v1"))
        if key is None:
            raise WrongKeys(f"The data key of subject {subject} was wrapped by another master key.")
        return key


def _opened(keys: Sequence[AESGCM], sealed: bytes, bound: bytes) -> bytes | None:
    """What one of the keys sealed; None: none of them did."""
    for key in keys:
        try:
            return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
        except (InvalidTag, ValueError, TypeError):  # too short to have a nonce, or no bytes at all
            continue
    return None


def shortened_ip(ip: str) -> str:
    """The network that an address lies in: 24 bits of IPv4, 48 of IPv6; empty for what is neither."""
    try:
        read = ip_address(ip.partition("%")[0])
    except ValueError:
        return ""
    return str(ip_network((read, 24 if read.version == 4 else 48), strict=False))


def _of_ip(salt: bytes, ip: bytes) -> str:
    return hashlib.sha256(_IP + salt + ip).hexdigest()


def commitment(salt: bytes, canonical: bytes) -> str:
    """The salted commitment to evidence, in hex."""
    return hashlib.sha256(_TAG + salt + canonical).hexdigest()


def of_visit(visit: Visit) -> dict[str, str]:
    """The members of evidence that tell of a request."""
    return {"ip": visit.ip, "user_agent": visit.user_agent, "referrer": visit.referrer}


def _ended(begun: hmac.HMAC, text: bytes) -> bytes:
    """The HMAC of a text, from one that knows its key and nothing more."""
    whole = begun.copy()
    whole.update(text)
    return whole.digest()


def _bound(subject: str, row: str, schema: str) -> bytes:
    return f"{schema}\0{subject}\0{row}".encode()
