"""Which mails can be seen in the browser: those alone are kept."""

import pytest
from mail_template import FOOT, HEAD, errors, mail, with_templates

LINK = '<a href="{{ links.browser }}">In the browser</a>'


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({"mail": HEAD + FOOT}, False),
        ({"mail": HEAD + LINK + FOOT}, True),
        ({"mail": HEAD + FOOT, "mail__lv": HEAD + LINK + FOOT}, True),
        ({"mail": HEAD + '{% include "_part.html" %}' + FOOT, "_part": LINK}, True),
        ({"mail": HEAD + "{% if code > 3 %}" + LINK + "{% endif %}" + FOOT}, True),
        ({"mail": HEAD + FOOT, "_part": LINK}, False),
    ],
)
def test_a_mail_that_asks_for_the_link_in_any_language_or_part_is_kept(
    files: dict[str, str], kept: bool
) -> None:
    """Under a condition too; a part that nobody brings in asks for nothing."""
    found = with_templates(**files)
    assert errors(found) == []
    assert mail(found).kept is kept


def test_a_name_that_is_close_proposes_it() -> None:
    """As for the other links."""
    found = with_templates(mail=HEAD + "{{ links.browsr }}" + FOOT)
    (fault,) = [each for each in found.findings if each.severity == "error"]
    assert (fault.code, fault.help) == ("E504", "Write `links.browser`.")


def test_the_mail_that_asks_for_a_confirmation_has_no_such_link() -> None:
    """It is the consent service's own, and is kept there as evidence."""
    page = '<a href="{{ links.confirm }}">Yes</a> <a href="{{ links.refuse }}">No</a> ' + LINK
    text = f"{HEAD}{page} {{{{ wording[0] }}}} {{{{ sender.imprint }}}}"
    found = with_templates(mail=HEAD + FOOT, confirm=text)
    assert [each.code for each in found.findings if "links.browser" in each.message] == ["E504"]
