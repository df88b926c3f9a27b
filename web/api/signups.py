"""`POST /v1/signups`: someone asked to be written to, on a form of the caller's own."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from consent.contract import BESIDE_TOPICS, ConsentClient, InvalidAddress, ShownBox, SignUp
from consent.contract.bounds import LONGEST_LABEL, MOST_BOXES
from web.api.payload import read_json
from web.api.replies import Code, Refusal, answer
from web.visit import visit_of

LONGEST_FORM = 200
OLDEST = 150


class _Box(Struct, forbid_unknown_fields=True):
    topic: str
    label: str
    ticked: bool | None = None


class _SignUp(Struct, forbid_unknown_fields=True):
    email: str
    topics: list[str]
    language: str | None = None
    form: str = "api"
    form_version: str = ""
    boxes: list[_Box] = []
    age: int | None = None
    country: str = ""


_sign_up = msgspec.json.Decoder(_SignUp)


async def post_signups(request: Request, consent: ConsentClient, languages: Sequence[str]) -> Response:
    """Pass the wish on. The answer is the same whoever it is for: new, waiting, signed up or stopped."""
    wish = await read_json(request, _sign_up)
    _check_form(wish)
    if wish.age is not None and not 0 <= wish.age <= OLDEST:
        raise Refusal(400, Code.WRONG_SHAPE, f"`age` is in whole years, from 0 to {OLDEST}.")
    if wish.country and not (len(wish.country) == 2 and wish.country.isascii() and wish.country.isalpha()):
        raise Refusal(400, Code.WRONG_SHAPE, "`country` has two letters, as in `LV`.")
    if not wish.topics:
        raise Refusal(400, Code.WRONG_SHAPE, "`topics` is empty; name at least one.")
    language = languages[0] if wish.language is None else wish.language
    if language not in languages:
        raise Refusal(
            422,
            Code.UNKNOWN_LANGUAGE,
            f"`{language[:40]}` is no language of this project; there are {', '.join(languages)}.",
        )
    offered = {purpose.topic for purpose in await consent.offered()}
    for topic in wish.topics:
        if topic not in offered:
            raise Refusal(
                422, Code.UNKNOWN_TOPIC, f"`{topic[:100]}` is no topic that people can sign up for."
            )
    topics = tuple(dict.fromkeys(wish.topics))
    if not set(topics) - set(BESIDE_TOPICS):
        raise Refusal(
            422,
            Code.UNKNOWN_TOPIC,
            f"`{topics[0]}` is no topic that mails are about; it goes with at least one that is.",
        )
    try:
        await consent.sign_up(
            SignUp(
                wish.email,
                topics,
                language,
                wish.form,
                visit=visit_of(request),
                age=wish.age,
                country=wish.country,
                form_version=wish.form_version,
                boxes=tuple(ShownBox(box.topic, box.label, box.ticked) for box in wish.boxes),
            )
        )
    except InvalidAddress as fault:
        raise Refusal(422, Code.INVALID_ADDRESS, f"`email` is no e-mail address: {fault}") from None
    except ValueError as fault:
        raise Refusal(400, Code.WRONG_SHAPE, str(fault)) from None
    return answer({"accepted": True})


def _check_form(wish: _SignUp) -> None:
    for name, text in (("form", wish.form), ("form_version", wish.form_version)):
        if len(text) > LONGEST_FORM:
            raise Refusal(400, Code.WRONG_SHAPE, f"`{name}` is longer than {LONGEST_FORM} characters.")
    if len(wish.boxes) > MOST_BOXES:
        raise Refusal(400, Code.WRONG_SHAPE, f"`boxes` has more than {MOST_BOXES} boxes.")
    for number, box in enumerate(wish.boxes):
        if len(box.topic) > LONGEST_FORM or len(box.label) > LONGEST_LABEL:
            raise Refusal(
                400, Code.WRONG_SHAPE, f"`boxes[{number}]` is longer than {LONGEST_LABEL} characters."
            )
