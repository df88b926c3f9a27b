"""`[privacy]` in virta.toml: what people are told beside what they agree to (GDPR, Art. 13)."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

_BY_LANGUAGE = ("data", "personalisation", "measurement", "rights", "withdrawal")


class Privacy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who gets the data beside the controller, by name; an empty list is nobody, and null is not said. The
    others are by language, in place of the words that ship: which data is kept to send mail, and for either
    purpose beside the topics; the rights; how agreement is taken back."""

    recipients: tuple[str, ...] | None = None
    data: dict[str, str] = {}
    personalisation: dict[str, str] = {}
    measurement: dict[str, str] = {}
    rights: dict[str, str] = {}
    withdrawal: dict[str, str] = {}


def privacy_faults(privacy: Privacy, languages: Sequence[str], production: bool) -> Iterator[str]:
    """What is of the right type and wrong all the same."""
    if production and privacy.recipients is None:
        yield (
            "`privacy.recipients` is missing: whoever signs up must be told who else gets their data. Write "
            'your mail provider there, as in `recipients = ["Mail Example OÜ, which delivers our mail"]`, or '
            "`[]` if nobody does."
        )
    if any(not name.strip() or not name.isprintable() for name in privacy.recipients or ()):
        yield "`privacy.recipients` has a name that is empty, or not in one line."
    for name in _BY_LANGUAGE:
        words = getattr(privacy, name)
        other = next((one for one in words if one not in languages), None)
        lacking = [one for one in languages if not words.get(one, "").strip()]
        if other is not None:
            yield f"`privacy.{name}` has words in `{other}`, which is not among the `languages`."
        elif words and lacking:
            yield f"`privacy.{name}` has no words in `{'`, `'.join(lacking)}`; write them in all `languages`."
