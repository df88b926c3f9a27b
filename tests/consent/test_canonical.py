"""What this service writes as canonical JSON is what RFC 8785 asks for."""

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from consent.proof.canonical import canonical

NAMES = st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), min_size=1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.one_of(
    TEXTS, st.integers(-(2**53) + 1, 2**53 - 1), st.lists(TEXTS), st.dictionaries(NAMES, TEXTS)
)


@given(st.dictionaries(NAMES, VALUES))
def test_it_is_byte_for_byte_what_a_library_for_all_of_json_writes(value):
    """Names sorted, no blanks, texts escaped alike: control characters, quotes, and nothing else."""
    assert canonical(value) == rfc8785.dumps(value)
