"""The form of a page, as a browser would send it if nothing were touched."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._select = ""
        self._first: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name = given.get("name", "")
        if tag == "input" and name:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio"):
                if "checked" in given:
                    self._add(name, given.get("value", "on"))
            elif kind not in ("submit", "button", "image", "reset"):
                self._add(name, given.get("value", ""))
        elif tag == "select":
            self._select, self._first = name, None
        elif tag == "option" and self._select:
            if "selected" in given:
                self._add(self._select, given.get("value", ""))
                self._select = ""
            elif self._first is None:
                self._first = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            if self._select and self._first is not None:
                self._add(self._select, self._first)
            self._select = ""

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def form_of(page: str) -> dict[str, list[str]]:
    """The fields that the page's forms would send, each with its values."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.fields
