"""Whatever layout a text comes in: formatting settles at once, keeps every comment, changes no meaning."""

import unicodedata

from golden_cases import GOLDEN
from grammar_texts import derived, disordered, stretched
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from test_format import CANONICAL

from dsl.format import format_source
from dsl.format.meaning import comments, meaning
from dsl.found.finding import Severity
from dsl.found.source import read_source
from dsl.parse import parse_source

TEXTS = [path.read_text("utf-8") for path in CANONICAL]
BAD = [path.read_bytes() for path in sorted((GOLDEN / "bad").glob("*.flow"))]
OFTEN = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def check(data: bytes) -> bool:
    """Format it and compare what must be the same; False: it has faults, and was left alone."""
    done = format_source("a.flow", data, "EUR")
    if any(each.severity is Severity.ERROR for each in done.findings):
        assert done.text == data.decode("utf-8", "replace")
        return False
    again = done.text.encode()
    assert format_source("a.flow", again, "EUR").text == done.text
    (before, _), (after, _) = read_source("a.flow", data), read_source("a.flow", again)
    assert comments(before) == comments(after)
    assert meaning(tuple(parse_source(before, "EUR")[0])) == meaning(tuple(parse_source(after, "EUR")[0]))
    assert done.text == unicodedata.normalize("NFC", done.text)
    assert not any(line != line.rstrip() for line in done.text.split("\n"))
    assert "\n\n\n" not in done.text
    assert not done.text.startswith("\n")
    assert done.text == "" or done.text.endswith("\n")
    return True


@OFTEN
@given(disordered(TEXTS))
def test_a_disordered_text_is_brought_to_order(text: str) -> None:
    """Good texts with other indents, blanks, broken lines, and comments in all places stay good."""
    assert check(text.encode())


@settings(OFTEN, max_examples=150)
@given(derived())
def test_what_the_grammar_can_write_is_formatted(text: str) -> None:
    """Every construct that the grammar knows, in odd spellings, alone and in odd company."""
    event("read" if check(text.encode()) else "not read")


def has_columns(text: str) -> bool:
    """Whether the author's columns count: of fields, and of comments at the end of lines."""
    fields = any(line.startswith(("contact", "event ")) for line in text.split("\n"))
    return fields or any("#" in line and not line.lstrip().startswith("#") for line in text.split("\n"))


@settings(OFTEN, max_examples=60)
@given(stretched([text for text in TEXTS if not has_columns(text)]))
def test_blanks_and_indents_alone_change_nothing(texts: tuple[str, str]) -> None:
    """The canonical text comes back, to the byte, where nothing hangs on how wide the gaps were."""
    text, odd = texts
    assert format_source("a.flow", odd.encode(), "EUR").text == text


@settings(OFTEN, max_examples=60)
@given(st.sampled_from(TEXTS), st.booleans(), st.booleans(), st.sampled_from(("NFC", "NFD")))
def test_marks_line_ends_and_letters_do_not_count(text: str, mark: bool, crlf: bool, form: str) -> None:
    """A byte order mark, CR LF and letters in parts make no other text."""
    odd = unicodedata.normalize("NFD" if form == "NFD" else "NFC", text)
    data = (b"\xef\xbb\xbf" if mark else b"") + odd.replace("\n", "\r\n" if crlf else "\n").encode()
    assert format_source("a.flow", data, "EUR").text == text


@settings(OFTEN, max_examples=60)
@given(st.sampled_from(BAD), st.data())
def test_bad_texts_with_changed_lines_are_left_or_brought_to_order(data: bytes, draws: st.DataObject) -> None:
    """Nothing crashes the formatter, and a text with faults comes back as it was."""
    lines = data.split(b"\n")
    at = draws.draw(st.integers(0, len(lines) - 1))
    lines[at] = draws.draw(
        st.sampled_from((b"", b"    # c", lines[at] + b"  #", lines[at].lstrip(), b"\t" + lines[at]))
    )
    check(b"\n".join(lines))
