"""Whatever bytes come in, the compiler answers with findings that point into the text, in plain words."""

import re

from golden_cases import GOLDEN, compiled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.compile import Compiled

SCRIPTS = [
    path.read_bytes() for folder in ("good", "bad") for path in sorted((GOLDEN / folder).glob("*.flow"))
]
TEMPLATES = [path.read_bytes() for path in sorted(GOLDEN.rglob("templates/*.html"))]
WORDS = sorted({word for script in SCRIPTS for word in re.findall(rb"\w+|[^\w\s]+", script)})
PYTHON = re.compile(
    r"\b(None|NoneType|Traceback|Exception|Error|Decimal|tuple|dict|str|int|float|bool|object|lark|Token|Tree|"
    r"_NL|_INDENT|_DEDENT|NAME|STRING|NUMBER|HOLE|unhashable|attribute error)\b|￼|<class"
)
QUOTED = re.compile(r"`[^`]*`|`.*`", re.DOTALL)
OFTEN = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """A text that was good or bad once, with a few lines, words or bytes changed."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        lines = data.split(b"\n")
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        match draw(st.integers(0, 7)):
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
        data = b"\n".join(lines)
    return data


def check(found: Compiled) -> None:
    """Spans lie within their files, messages are sentences without words of Python or of the parser."""
    for finding in found.findings:
        span = finding.span
        lines = found.sources[span.file].lines
        assert 1 <= span.line <= span.end_line <= max(len(lines), 1)
        width = len(lines[span.line - 1]) if lines else 0
        end_width = len(lines[span.end_line - 1]) if lines else 0
        assert 1 <= span.column <= width + 1
        assert 1 <= span.end_column <= end_width + 2
        assert (span.line, span.column) < (span.end_line, span.end_column)
        assert finding.message.endswith((".", "…"))
        assert not PYTHON.search(QUOTED.sub("", finding.message + " " + finding.help)), finding
        assert "￼" not in finding.message + finding.help, finding


@OFTEN
@given(mutated(SCRIPTS))
def test_a_changed_script_never_crashes(data: bytes) -> None:
    """Mutations of real scripts reach every part of the compiler."""
    check(compiled(("case.flow", data)))


@settings(OFTEN, max_examples=40)
@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_never_crash(data: bytes) -> None:
    """Also what never was a script: a picture, a spreadsheet, another alphabet."""
    check(compiled(("case.flow", data)))


@settings(OFTEN, max_examples=50)
@given(mutated(TEMPLATES))
def test_a_changed_template_never_crashes(data: bytes) -> None:
    """Faults of templates are findings too, whatever Jinja says."""
    flow = b"flow case\n    topic news\n    start on order_placed\n    send first\n"
    check(
        compiled(
            ("case.flow", flow), templates=(("templates/first.html", data), ("templates/_part.html", data))
        )
    )
