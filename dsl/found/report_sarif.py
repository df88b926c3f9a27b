"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from dsl.found.explained import severity_of
from dsl.found.explanation import Explanation, explanation
from dsl.found.finding import Finding

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


def as_sarif(findings: Iterable[Finding], version: str) -> bytes:
    """One run of this version of Virta: the rules that were broken, explained, and a result for each finding.
    Addresses of files are relative to the project's folder; lines and columns count from 1, the end column
    is exclusive, and columns are code points."""
    found = list(findings)
    codes = sorted({each.code for each in found})
    rules = [_rule(explanation(code)) for code in codes]
    run = {
        "tool": {"driver": {"name": "Virta", "version": version, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder of the project."}}},
        "results": [_result(each, codes.index(each.code)) for each in found],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2)


def _rule(page: Explanation) -> dict[str, Any]:
    text = "\n\n".join(" ".join(paragraph.split()) for paragraph in page.text.split("\n\n"))
    return {
        "id": page.code,
        "shortDescription": {"text": f"{page.title}."},
        "fullDescription": {"text": text},
        "help": {"text": _help(page, text, "", ""), "markdown": _help(page, text, "```\n", "```\n")},
        "defaultConfiguration": {"level": severity_of(page.code).value},
    }


def _help(page: Explanation, text: str, opening: str, closing: str) -> str:
    """The explanation with its examples."""
    out = [text]
    for name, samples in (("Wrong", page.wrong), ("Right", page.right)):
        out.append(f"{name}:")
        out += [f"{each.path}\n\n{opening}{each.text}{closing}".rstrip("\n") for each in samples]
    return "\n\n".join(out)


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    span = finding.span
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": " ".join(part for part in (finding.message, finding.help) if part)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(span.file), "uriBaseId": _ROOT},
                    "region": {
                        "startLine": span.line,
                        "startColumn": span.column,
                        "endLine": span.end_line,
                        "endColumn": span.end_column,
                    },
                }
            }
        ],
    }
