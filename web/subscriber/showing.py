"""One showing of the sign-up form, and the seal that ties it to its submitting.

A page is a pure function of the showing, so nothing needs to be stored when the form is served: the form
carries its showing, sealed, and on submitting the very bytes that were shown are made again. The seal holds their
SHA-256; if words, topics or design have changed since, the bytes differ and the person is asked again.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from msgspec import Struct

LONGEST_OPEN = 24 * 60 * 60 * 1000  # ms; later the form is shown afresh


class Showing(Struct, frozen=True):
    """What was shown. `id` is random; `at` is in ms UTC; `address`, `ticked` and `faults` are what a second
    showing repeats of the first submitting; `referrer` is the page that led here."""

    id: str
    at: int
    language: str
    address: str = ""
    ticked: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    referrer: str = ""


class _Sealed(Struct, frozen=True):
    showing: Showing
    digest: str


class Sealer:
    """Seals showings with the last of `keys`, the newest, and knows the seals of all."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("The sign-up form needs at least one key to seal it.")
        self._serializer = URLSafeSerializer(
            list(keys), salt="virta.signup.form", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def seal(self, showing: Showing, page: bytes) -> str:
        """The text that the form carries; `page` is the page with an empty seal."""
        sealed = self._serializer.dumps(msgspec.to_builtins(_Sealed(showing, digest(page))))
        return sealed if isinstance(sealed, str) else sealed.decode()

    def open(self, seal: str) -> tuple[Showing, str] | None:
        """The showing and its page's digest, None if the seal is not ours."""
        try:
            sealed = msgspec.convert(self._serializer.loads(seal), _Sealed)
        except (BadData, msgspec.ValidationError):
            return None
        return sealed.showing, sealed.digest


def digest(page: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(page).hexdigest()
