"""How a bounce is to be read."""

import re

_CODE = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})\Z")
_NO_MAILBOX = frozenset({(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)})


def is_code(text: str) -> bool:
    """Whether `text` is an enhanced status code (RFC 3463), as in `5.1.1`."""
    return _CODE.match(text) is not None


def kind_of(code: str) -> str:
    """`hard` where the code says for good that there is no such mailbox, else `soft`: a full mailbox, a
    policy of the server or a fault on the way says nothing of the address (RFC 3463, RFC 7505)."""
    found = _CODE.match(code)
    if found is None or found[1] != "5":
        return "soft"
    return "hard" if (int(found[2]), int(found[3])) in _NO_MAILBOX else "soft"
