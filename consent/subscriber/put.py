"""In which language words were put to a person, told from what is kept of their past.

An agreement is to the words that were read; whoever chooses another language later has not read others."""

from collections.abc import Mapping
from typing import Any

from consent.contract import Purpose
from consent.rules import spoken
from consent.states import Step

_AGREES = frozenset({Step.CONFIRMED, Step.RENEWED})
_ASKS = frozenset({"notice.served", Step.REQUESTED, *_AGREES})
"""Leaves of moments at which a person has words before them. Of others it is told by which they had been
asked before."""


class Put:
    """Goes along a person's leaves in their order. `language` is that which they speak today, `default` the
    one for purposes that do not speak theirs."""

    def __init__(self, language: str, default: str) -> None:
        self._spoken = language
        self._default = default
        self._put: dict[tuple[str, str], str] = {}  # by topic and version

    def language(self, body: Mapping[str, Any], purpose: Purpose | None, evidence: Mapping[str, Any]) -> str:
        """In which language the words of a leaf's purpose stand before the person, or stood when they were
        asked by them; empty: they never were."""
        kind, about = body["type"], (body["purpose"], body["notice"])
        if kind == "language.changed":
            self._spoken = str(evidence.get("language", ""))
        if purpose is not None and kind in _ASKS:
            asked = evidence.get("language") or self._put.get(about) or self._spoken
            told = _worded(evidence, body["purpose"])
            self._put[about] = told or spoken(purpose.wording, asked, self._default)
            if kind in _AGREES:
                self._spoken = self._put[about]
        return self._put.get(about, "")


def _worded(evidence: Mapping[str, Any], topic: str) -> str:
    """As the evidence says it of a topic; empty where it does not."""
    each = dict(zip(evidence.get("topics", ()), evidence.get("worded", ()), strict=False))
    return str(each.get(topic, ""))
