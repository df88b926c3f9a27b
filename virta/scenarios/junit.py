"""Outcomes as JUnit XML, which build servers show."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dsl.found.finding import Finding
from virta.scenarios.outcome import Outcome
from virta.scenarios.shown import failure_lines

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(outcomes: Sequence[Outcome], faults: Sequence[Finding] = ()) -> bytes:
    """A `testsuite` a file, a `testcase` a scenario, and one for each of the `faults`, the findings that keep
    flows or scenarios from being played. What XML has no way to write becomes U+FFFD."""
    whole = Element("testsuites", _counts("virta test", outcomes, faults))
    for file in dict.fromkeys([*(each.file for each in outcomes), *(each.span.file for each in faults)]):
        played = [each for each in outcomes if each.file == file]
        faulty = [each for each in faults if each.span.file == file]
        suite = SubElement(whole, "testsuite", _counts(file, played, faulty))
        for outcome in played:
            case = _case(suite, file, outcome.name, outcome.line, outcome.seconds)
            if outcome.failure is not None:
                message = f"{outcome.failure.expected} {outcome.failure.came}"
                fault = SubElement(case, "failure", {"message": _clean(message), "type": "expectation"})
                fault.text = _clean("\n".join(failure_lines(outcome)))
        for finding in faulty:
            line, words = finding.span.line, {"message": _clean(finding.message), "type": finding.code}
            case = _case(suite, file, f"{finding.code} in line {line}", line, 0.0)
            SubElement(case, "error", words).text = _clean(finding.help)
    indent(whole)
    return bytes(tostring(whole, "utf-8", xml_declaration=True)) + b"\n"


def _case(suite: Element, file: str, name: str, line: int, seconds: float) -> Element:
    return SubElement(
        suite,
        "testcase",
        {
            "classname": _clean(file.removesuffix(".flow").replace("/", ".")),
            "name": _clean(name),
            "file": _clean(file),
            "line": str(line),
            "time": f"{seconds:.3f}",
        },
    )


def _counts(name: str, outcomes: Sequence[Outcome], faults: Sequence[Finding]) -> dict[str, str]:
    return {
        "name": _clean(name),
        "tests": str(len(outcomes) + len(faults)),
        "failures": str(sum(outcome.failure is not None for outcome in outcomes)),
        "errors": str(len(faults)),
        "skipped": "0",
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    }


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
