"""Outcomes as JUnit XML, which build servers show."""

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from virta.scenarios.outcome import Outcome
from virta.scenarios.shown import failure_lines

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(outcomes: Sequence[Outcome]) -> bytes:
    """A `testsuite` a file, a `testcase` a scenario. What XML has no way to write becomes U+FFFD."""
    whole = Element("testsuites", _counts("virta test", outcomes))
    for file, group in groupby(outcomes, key=lambda outcome: outcome.file):
        played = list(group)
        suite = SubElement(whole, "testsuite", _counts(file, played))
        for outcome in played:
            case = SubElement(
                suite,
                "testcase",
                {
                    "classname": file.removesuffix(".flow").replace("/", "."),
                    "name": _clean(outcome.name),
                    "file": _clean(file),
                    "line": str(outcome.line),
                    "time": f"{outcome.seconds:.3f}",
                },
            )
            if outcome.failure is not None:
                message = f"{outcome.failure.expected} {outcome.failure.came}"
                fault = SubElement(case, "failure", {"message": _clean(message), "type": "expectation"})
                fault.text = _clean("\n".join(failure_lines(outcome)))
    indent(whole)
    return bytes(tostring(whole, "utf-8", xml_declaration=True)) + b"\n"


def _counts(name: str, outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {
        "name": _clean(name),
        "tests": str(len(outcomes)),
        "failures": str(sum(outcome.failure is not None for outcome in outcomes)),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    }


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
