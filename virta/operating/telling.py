"""What came of an order, printed."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from engine.insight.held_back import Waiting
from virta.operating.ordering import Given

Output: TypeAlias = Literal["text", "json"]


class Answer(Struct, frozen=True):
    """What `--format json` prints: `waiting` is what stood before the order."""

    given: Given
    waiting: Waiting
    says: tuple[str, ...]


def tell(given: Given, waiting: Waiting, output: Output, lines: Sequence[str]) -> int:
    """Print what came of an order; the exit code, which is 1 if a running engine did not act by it."""
    said = [*lines, *_seen(given)]
    if output == "json":
        answer = Answer(given, waiting, tuple(said))
        print(msgspec.json.format(msgspec.json.encode(answer)).decode())
    else:
        print("\n".join(said))
    return 1 if given.seen is False else 0


def _seen(given: Given) -> list[str]:
    if given.seen is None:
        return ["No engine runs now: this holds from its next start."]
    if not given.seen:
        return [
            "The engine runs, but has not acted by this in 10 seconds; it will when it gets to it. "
            "`virta doctor` says what keeps it."
        ]
    if not given.on_way:
        return ["The engine has seen it; no mail is on its way."]
    mails = "1 mail was" if given.on_way == 1 else f"{given.on_way:,} mails were"
    return [f"The engine has seen it; {mails} on the way to the mail server already."]
