"""Addresses: typed, folded, shown."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.address import _PLAIN, read_address, shortened
from consent.contract import InvalidAddress


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna@Kafija.Example", "anna@kafija.example"),
        ("ANNA@kafija.example", " anna@kafija.example "),
        ("be\u0304rzs@kafija.example", "B\u0113rzs@kafija.example"),
        ("anna@b\u0113rzs.example", "anna@xn--brzs-bva.example"),
        ("\u00c4I\u0160A@kafija.example", "\u00e4i\u0161a@kafija.example"),
    ],
)
def test_spellings_of_one_mailbox_fold_together(one, other):
    """Case, Unicode form and IDNA do not make another person."""
    assert read_address(one).folded == read_address(other).folded


def test_tags_and_dots_make_another_mailbox():
    """What a provider may treat alike is not treated alike here."""
    folded = {
        read_address(text).folded
        for text in ("a.b@kafija.example", "ab@kafija.example", "ab+x@kafija.example")
    }
    assert len(folded) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("straße", "strasse"), ("ﬁona", "fiona"), ("σς", "σσ"), ("ırmak", "irmak")],
)
def test_letters_that_are_no_others_capital_make_another_mailbox(one, other):
    """They are other octets, and may be somebody else's: a wish of one must not be mailed to the other."""
    domain = "kafija.example"
    assert read_address(f"{one}@{domain}").folded != read_address(f"{other}@{domain}").folded


def test_mail_goes_to_the_typed_form():
    """The case of the local part is kept for sending."""
    assert read_address("Anna.B@Kafija.example").typed == "Anna.B@kafija.example"


@pytest.mark.parametrize(
    "text", ["", "anna", "anna@", "@kafija.example", "a b@kafija.example", "anna@localhost"]
)
def test_what_is_no_address_is_refused_in_words(text):
    """The message says what is wrong."""
    with pytest.raises(InvalidAddress) as fault:
        read_address(text)
    assert len(str(fault.value)) > 10


@settings(max_examples=100)
@given(st.from_regex(_PLAIN, fullmatch=True).filter(lambda text: len(text) <= 60 and "--" not in text))
def test_the_short_cut_agrees_with_the_library(text):
    """Plain addresses skip the library; it would have said the same."""
    try:
        valid = validate_email(text, check_deliverability=False)
    except EmailNotValidError as fault:
        raise AssertionError(f"{text}: {fault}") from None
    found = read_address(text)
    assert found.typed == valid.normalized
    assert found.folded == f"{valid.local_part.casefold()}@{valid.ascii_domain}"


def test_a_shortened_address_hides_the_name():
    """Enough to recognise one's own, too little to learn another's."""
    assert shortened("anna@kafija.example") == "a…@kafija.example"
