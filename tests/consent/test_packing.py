"""Pieces of evidence are made small, and are what they were."""

import hashlib
import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.ledger.packing import packed, unpacked
from consent.proof.canonical import canonical

USUAL = files("consent") / "ledger" / "usual_evidence.txt"


@given(st.dictionaries(st.text(), st.text(max_size=3000), max_size=5))
def test_what_was_packed_is_what_it_was(record: dict[str, str]) -> None:
    """Whatever stands in it."""
    plain = canonical(record)
    assert unpacked(packed(plain)) == plain


def test_what_is_usual_has_never_changed() -> None:
    """Nothing that was packed with other words could be read any more."""
    digest = hashlib.sha256(USUAL.read_bytes()).hexdigest()
    assert digest == "10caaaaefbc2b66c08144bb8a9b907847371b60dfb22ca060bcf630be08583c8"


def test_a_usual_mail_takes_a_small_part_of_itself() -> None:
    """Its own words, addresses and links."""
    _, _, mail = USUAL.read_text("utf-8").rpartition('{"at"')
    plain = ('{"at"' + mail).encode()
    assert json.loads(plain)["schema"] == "mail/v1"
    assert len(packed(plain)) < 100 < len(plain) // 40


def test_what_is_short_is_left_as_it_is() -> None:
    """There is nothing to win."""
    assert packed(b'{"a":1}') == b'{"a":1}'


def test_what_was_damaged_is_said_to_be() -> None:
    """As everything that is no evidence."""
    whole = packed(canonical({"a": "b" * 1000}))
    for broken in (whole[:20] + b"\0" * 20, whole[:-1]):
        with pytest.raises(ValueError, match="cannot be unpacked"):
            unpacked(broken)
