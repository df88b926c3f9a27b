"""What is kept as evidence of a sign-up: the form as it was shown, and what was sent with it."""

from consent.address import Address
from consent.contract import SignUp
from consent.ledger.evidence import Evidence, of_visit
from consent.ledger.subjects import keep_form
from consent.ledger.transaction import Writing
from consent.rules import spoken

SCHEMA = "sign_up/v1"
OURS, TOLD, IN_PART, NOT_TOLD = "shown by us", "told by the caller", "told in part", "not told"
"""Who says which words stood on the form."""

_TICKED = {True: "ticked", False: "not ticked", None: NOT_TOLD}


def record_of(tx: Writing, address: Address, request: SignUp, topics: tuple[str, ...]) -> Evidence:
    """The record of a wish for `topics`. Who came by a form of somebody else was shown words that are known
    only as far as they are told; none are put in their place."""
    record: dict[str, str | int | list[str] | list[dict[str, str]]] = {
        "schema": SCHEMA,
        "form": request.form,
        "form_version": request.form_version,
        "shown": keep_form(tx, request.shown),
        "served": tx.parts.tokens.read_fetched(request.served, request.form_version),
        "language": request.language,
        "topics": list(topics),
        "words": _words(request, topics),
        "boxes": [
            {
                "topic": box.topic,
                "label": box.label,
                "at_first": _TICKED[box.ticked],
                "sent": _TICKED[box.topic in topics],
            }
            for box in request.boxes
        ],
        "worded": _worded(tx, topics, request.language),
        "address": address.typed,
        "at": tx.now,
        **of_visit(request.visit),
    }
    return {**record, **_age(tx, request)}


def _words(request: SignUp, topics: tuple[str, ...]) -> str:
    if request.shown:
        return OURS
    told = {box.topic for box in request.boxes if box.label}
    return TOLD if told.issuperset(topics) else IN_PART if told.intersection(topics) else NOT_TOLD


def _age(tx: Writing, request: SignUp) -> dict[str, str | int]:
    """What was declared, and how old one had to be: both where they were asked for."""
    least = tx.parts.times.least_age(request.country)
    found: dict[str, str | int] = {"least_age": least} if least else {}
    if request.age is not None:
        found["age"] = request.age
    if request.country:
        found["country"] = request.country
    return found


def _worded(tx: Writing, topics: tuple[str, ...], language: str) -> list[str]:
    """In which language each topic was put, for not all speak the one that was asked for."""
    default = tx.rules.policy.default_language
    return [spoken(tx.rules.purposes[topic][1].wording, language, default) for topic in topics]
