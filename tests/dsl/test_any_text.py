"""Whatever bytes come in, the compiler answers with findings that point into the text, in plain words."""

import re
from pathlib import Path

import pytest
from golden_cases import GOLDEN, compiled, compiled_case
from grammar_texts import derived
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soundness import GRAMMAR, check_sound, first_python_word

from dsl.format import format_source

CASES = [path for folder in ("good", "bad") for path in sorted((GOLDEN / folder).glob("*.flow"))]
SCRIPTS = [path.read_bytes() for path in CASES]
TEMPLATES = [path.read_bytes() for path in sorted(GOLDEN.rglob("templates/*.html"))]
MJML = [path.read_bytes() for path in sorted(GOLDEN.rglob("templates/*.mjml"))]
WORDS = sorted({word for script in SCRIPTS for word in re.findall(rb"\w+|[^\w\s]+", script)})
TERMINALS = sorted(
    {found.replace(" +", " ") for found in re.findall(r"/(\w+(?: \+?\w+)*)\\b/", GRAMMAR)}
    | {*'+ - * / < > <= >= , . ( ) [ ] { } " #'.split()}
    | {
        "3",
        "2.5",
        "10%",
        "49.90 EUR",
        "09:00",
        "2026-12-24",
        "monday",
        "2 days",
        '"text"',
        "order_placed",
        "news",
    }
)
FLOW = (
    b"flow case\n    topic news\n    start on order_placed\n    send first with code 3, items trigger.items\n"
)
OFTEN = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """A text that was good or bad once, with a few lines, words or bytes changed."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        lines = data.split(b"\n")
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        match draw(st.integers(0, 8)):
            case 0:
                del lines[at]
            case 1:
                lines.insert(draw(st.integers(0, len(lines))), line)
            case 2:
                lines[at] = line[: draw(st.integers(0, len(line)))]
            case 3:
                lines[at] = b" " * draw(st.integers(0, 13)) + line.lstrip()
            case 4:
                words = line.split(b" ")
                words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
                lines[at] = b" ".join(words)
            case 5:
                cut = draw(st.integers(0, len(line)))
                lines[at] = line[:cut] + draw(st.binary(max_size=3)) + line[cut:]
            case 6:
                cut = draw(st.integers(0, len(line)))
                lines[at] = (
                    line[:cut] + draw(st.text(max_size=3)).encode("utf-8", "surrogatepass") + line[cut:]
                )
            case 7:
                cut = draw(st.integers(0, len(line)))
                lines[at] = line[:cut] + draw(st.sampled_from(WORDS)) * draw(st.integers(1, 90)) + line[cut:]
            case 8:
                other = draw(st.sampled_from(originals)).split(b"\n")
                lines.insert(at, draw(st.sampled_from(other)))
        data = b"\n".join(lines)
    return data


def soup() -> st.SearchStrategy[str]:
    """Lines of the grammar's own words, in no order, at depths of four blanks."""
    line = st.tuples(st.integers(0, 3), st.lists(st.sampled_from(TERMINALS), min_size=1, max_size=8)).map(
        lambda drawn: "    " * drawn[0] + " ".join(drawn[1])
    )
    return st.lists(line, min_size=1, max_size=12).map("\n".join)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_golden_case_is_sound(path: Path) -> None:
    """What is recorded is held to the same."""
    check_sound(compiled_case(path))


@OFTEN
@given(mutated(SCRIPTS))
def test_a_changed_script_never_crashes(data: bytes) -> None:
    """Mutations of real scripts, those of scenarios too, reach every part of the compiler."""
    check_sound(compiled(("case.flow", data)))


@OFTEN
@given(soup())
def test_words_of_the_grammar_in_any_order_never_crash(text: str) -> None:
    """Below the head of a flow as well as by themselves."""
    check_sound(compiled(("case.flow", text.encode()), ("other.flow", FLOW + b"    " + text.encode())))


@settings(OFTEN, max_examples=60)
@given(derived())
def test_what_the_grammar_can_write_never_crashes(text: str) -> None:
    """Every construct in odd company: names that there are not, kinds that do not fit."""
    check_sound(compiled(("case.flow", text.encode())))


@settings(OFTEN, max_examples=40)
@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_never_crash(data: bytes) -> None:
    """Also what never was a script: a picture, a spreadsheet, another alphabet."""
    check_sound(compiled(("case.flow", data)))


@settings(OFTEN, max_examples=50)
@given(mutated(TEMPLATES))
def test_a_changed_template_never_crashes(data: bytes) -> None:
    """Faults of templates are findings too, whatever Jinja says."""
    files = (("templates/first.html", data), ("templates/_part.html", data))
    check_sound(compiled(("case.flow", FLOW), templates=files))


@settings(OFTEN, max_examples=30)
@given(mutated(MJML))
def test_a_changed_mjml_never_crashes(data: bytes) -> None:
    """Nor do tags that MJML does not have, or that are nowhere closed."""
    files = (("templates/first.mjml", data), ("templates/_foot.mjml", data))
    check_sound(compiled(("case.flow", FLOW), templates=files))


@settings(OFTEN, max_examples=20)
@given(st.binary(max_size=200))
def test_a_template_of_any_bytes_never_crashes(data: bytes) -> None:
    """In any of its kinds."""
    for kind in ("html", "mjml", "txt"):
        check_sound(compiled(("case.flow", FLOW), templates=((f"templates/first.{kind}", data),)))


@settings(OFTEN, max_examples=60)
@given(mutated(SCRIPTS))
def test_a_changed_script_is_laid_out_or_left_alone(data: bytes) -> None:
    """`virta fmt` settles at once on whatever it takes."""
    done = format_source("case.flow", data, "EUR")
    assert format_source("case.flow", done.text.encode(), "EUR").text == done.text


@pytest.mark.parametrize(
    "told",
    [
        "There is no None.",
        "'NoneType' has no attribute.",
        "Expected _NL, got NAME.",
        "unhashable kind",
        "A JinjaError came.",
        "KeyError",
        "at 0x7f3a2b1c",
    ],
)
def test_words_of_python_would_be_found(told: str) -> None:
    """The comparison is no formality; what stands in backquotes is the user's."""
    assert first_python_word(told)
    assert not first_python_word("There is no `None` here.")
