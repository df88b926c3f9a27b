"""In which language a page speaks."""

from collections.abc import Sequence


def choose(spoken: Sequence[str], *wishes: str, accepted: str = "") -> str:
    """The first of `wishes` that is spoken, else the best of an Accept-Language header (RFC 9110 12.5.4),
    else the first of `spoken`. A regional wish (`fi-FI`) is met by its language (`fi`)."""
    for wish in (*wishes, *_by_preference(accepted)):
        primary = wish.partition("-")[0].lower()
        if primary in spoken:
            return primary
    return spoken[0]


def _by_preference(header: str) -> list[str]:
    ranges: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, parameter = part.partition(";")
        name, _, value = parameter.strip().partition("=")
        quality = _quality(value) if name.strip().lower() == "q" else 1.0
        if quality > 0:
            ranges.append((quality, tag.strip()))
    return [tag for _, tag in sorted(ranges, key=lambda entry: -entry[0])]


def _quality(value: str) -> float:
    """A `q` value between 0 and 1; what is none counts as 0, so that nonsense is not preferred."""
    whole, _, fraction = value.strip().partition(".")
    digits = whole.isdigit() and (fraction.isdigit() or not fraction) and value.isascii()
    return min(float(f"{whole}.{fraction or 0}"), 1.0) if digits else 0.0
