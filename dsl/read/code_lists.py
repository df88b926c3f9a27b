"""Lists of coupon codes: files of a project that hold one code a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADINGS = ("code", "codes", "coupon", "coupon_code")


@dataclass(frozen=True, slots=True)
class ListedCode:
    """A code as it stands in line `line` (from 1) of its file. `plain`: people can type it."""

    line: int
    text: str

    @property
    def plain(self) -> bool:
        return bool(_PLAIN.fullmatch(self.text))


def listed_codes(data: bytes) -> Iterator[ListedCode]:
    """The codes of a list in the order of their lines: the first column, without its quotes. A byte order
    mark, blank lines and a heading such as `code` are passed over."""
    rows = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").splitlines()
    heading = True
    for number, row in enumerate(rows, start=1):
        text = row.replace(";", ",").partition(",")[0].strip().strip('"').strip()
        if not text:
            continue
        if not (heading and text.casefold() in _HEADINGS):
            yield ListedCode(number, text)
        heading = False
