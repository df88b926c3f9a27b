"""Who may call the consent service over HTTP: a file of keys, of each its SHA-256 alone.

The file is read again whenever it has changed, so that a key which is taken away opens nothing from then on.
"""

import base64
import hmac
import os
import re
from collections.abc import Callable, Collection, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct

from consent.calls import Scope
from consent.errors import ConsentError

ACCESS = "consent.access"
"""The file, beside the store, of who may call the consent service when it is a process of its own."""
_BYTES = 32
_NAME = re.compile(r"(?=.{1,40}\Z)\w(?:[\w .-]*\w)?")


class AccessFault(ConsentError):
    """The file of keys cannot be read or written, or what is asked of it cannot be; the message says why."""


class AccessKey(Struct, frozen=True):
    """`hash` is the SHA-256 of the key in hex, which a key of 256 random bits cannot be guessed from; `made`
    is in ms UTC."""

    name: str
    scopes: tuple[Scope, ...]
    hash: str
    made: int


class _File(Struct, frozen=True):
    keys: tuple[AccessKey, ...] = ()


class LetIn(NamedTuple):
    """What whoever comes by a key may do, and the key's name; empty: there was no need of one."""

    scopes: frozenset[Scope]
    name: str = ""


class Lets(Protocol):
    """Says whom a service lets in."""

    def let_in(self, presented: bytes) -> LetIn | None:
        """Whoever presents this key, None for a stranger. Raises `AccessFault` while nobody can tell."""


class Access:
    """The keys in the file at `path`; as long as there is none, nobody is let in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: tuple[tuple[bytes, LetIn], ...] = ()

    def let_in(self, presented: bytes) -> LetIn | None:
        """Whoever presents this key, None for a stranger. Takes as long for every key of the list. Raises
        `AccessFault` while the file cannot be read."""
        self._look()
        digest = sha256(presented).digest()
        found: LetIn | None = None
        for known, who in self._keys:
            if hmac.compare_digest(known, digest):
                found = who
        return found

    def _look(self) -> None:
        try:
            told = os.stat(self._path)
            seen = (told.st_ino, told.st_mtime_ns, told.st_size)
        except (FileNotFoundError, NotADirectoryError):
            seen = None
        except OSError as fault:
            raise AccessFault(f"{self._path} cannot be read: {fault.strerror}.") from None
        if seen is None:
            self._keys = ()
        elif seen != self._seen:
            keys = access_keys(self._path)
            self._keys = tuple(
                (bytes.fromhex(key.hash), LetIn(frozenset(key.scopes), key.name)) for key in keys
            )
        self._seen = seen


def access_keys(path: Path) -> tuple[AccessKey, ...]:
    """All keys of a file, in the order in which they were made. Raises `AccessFault`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).keys
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as fault:
        raise AccessFault(f"{path} cannot be read: {fault.strerror}.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise AccessFault(
            f"{path} was not written by Virta. Move it away, and make the keys anew with "
            "`virta consent access --make NAME`."
        ) from None


def make_key(
    path: Path, name: str, scopes: Collection[Scope], entropy: Callable[[int], bytes], now: int
) -> str:
    """A new key, which stands nowhere but in the answer. Raises `AccessFault`, also for a name that is
    taken, or that is not to be published for good: leaves name the key by which something was told."""
    kept = access_keys(path)
    if not _NAME.fullmatch(name):
        raise AccessFault(
            "A key is named by 1 to 40 letters, digits, blanks, `_`, `.` and `-`, with a letter or a digit "
            f"first and last, not {name[:80]!r}. The log names it for good, and each export shows it."
        )
    if any(key.name == name for key in kept):
        raise AccessFault(
            f"There is a key named `{name}` already; take it away first, or name this one anew."
        )
    key = base64.urlsafe_b64encode(entropy(_BYTES)).decode().rstrip("=")
    ordered = tuple(scope for scope in Scope if scope in scopes)
    _write(path, (*kept, AccessKey(name, ordered, sha256(key.encode()).hexdigest(), now)))
    return key


def revoke_key(path: Path, name: str) -> None:
    """Take a key away: from now on it opens nothing. Raises `AccessFault`, also where there is none of that
    name."""
    kept = access_keys(path)
    left = tuple(key for key in kept if key.name != name)
    if len(left) == len(kept):
        raise AccessFault(f"There is no key named `{name}`.")
    _write(path, left)


def _write(path: Path, keys: Sequence[AccessKey]) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(_File(tuple(keys)))) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as fault:
        raise AccessFault(f"{path} cannot be written: {fault.strerror}.") from None
