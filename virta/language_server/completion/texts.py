"""Values in quoted texts: `{contact.first_name}`."""

from collections.abc import Iterator

from virta.language_server.completion.offer import Offer, Sort
from virta.language_server.completion.standpoint import Standpoint
from virta.language_server.declared import type_words

_FILLED = ("_SUBJECT", "_TELL")


def fillings_at(at: Standpoint, line: str) -> Iterator[tuple[int, Offer]]:
    """What may stand in the braces that the text opens, each with the column at which it begins. `line` ends
    at the cursor."""
    brace = line.rfind("{")
    typed = line[brace + 1 :]
    if brace < 0 or "}" in typed or not at.kinds or at.kinds[0] not in _FILLED:
        return
    start = brace + 2 + len(typed) - len(typed.lstrip(" "))
    for root, fields in at.roots().items():
        for name, declared in fields.items():
            yield start, Offer(f"{root}.{name}", Sort.FIELD, type_words(declared))
