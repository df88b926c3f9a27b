"""The boxes of a form, read off the page as it was shown: nothing is said of it that does not stand there."""

from functools import lru_cache
from html.parser import HTMLParser

from msgspec.structs import replace

from consent.contract import ShownBox


class _Reader(HTMLParser):
    """Gathers check boxes named `topic`, each with all words of the label around it."""

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[ShownBox] = []
        self._words: list[str] | None = None
        self._own = 0  # boxes before this label

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "label":
            self._words, self._own = [], len(self.boxes)
        elif tag == "input" and (given.get("type"), given.get("name")) == ("checkbox", "topic"):
            self.boxes.append(ShownBox(given.get("value") or "", "", "checked" in given))

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label" and self._words is not None:
            words = " ".join("".join(self._words).split())
            self.boxes[self._own :] = [replace(box, label=words) for box in self.boxes[self._own :]]
            self._words = None


@lru_cache(maxsize=32)
def boxes_of(page: bytes) -> tuple[ShownBox, ...]:
    """The boxes for topics on a page, in order, with their labels and whether each was ticked as it came."""
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    return tuple(reader.boxes)
