"""The colour of a project's buttons, on which white words are read."""

import re

_WRITTEN = re.compile(r"#[0-9a-fA-F]{6}")
_LEAST = 4.5
"""WCAG 2.2, 1.4.3."""


def color_fault(name: str, color: str) -> str | None:
    """Why white words cannot stand on `color`, a setting of this `name`; None: they can."""
    if not _WRITTEN.fullmatch(color):
        return f"`{name}` must be a colour as in `#14593f`; it is `{color}`."
    contrast = 1.05 / (_luminance(color) + 0.05)
    if contrast < _LEAST:
        return (
            f"`{name}` is too light: white words on `{color}` have a contrast of {contrast:.1f} to 1, and "
            f"need {_LEAST} to be read. Choose a darker one."
        )
    return None


def _luminance(color: str) -> float:
    """The relative luminance (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
