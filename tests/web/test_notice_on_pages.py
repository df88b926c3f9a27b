"""What people are told beside what they agree to stands on the pages that ask for it."""

import re
from html import unescape

import pytest
from house import NEWSLETTER, OFFERS, ORDERS, POLICY, House
from msgspec.structs import replace

from consent.contract import Basis, Notice, Purpose
from consent.rules import purpose_version

pytestmark = pytest.mark.anyio
NOTICE = Notice(
    "Miera iela 1, Rīga",
    "dati@kafija.example",
    data={"en": "Your address.", "lv": "Tava adrese."},
    recipients={"en": "Pasts <OÜ>.", "lv": "Pasts <OÜ>."},
    retention={"en": "Proof: 3 years.\nBackups: 30 days.", "lv": "Pierādījumi: 3 gadi.\nKopijas: 30 dienas."},
    rights={"en": "To see it.", "lv": "To redzēt."},
    withdrawal={"en": "By the link.", "lv": "Ar saiti."},
)
VIEWS = Purpose(
    "personalisation",
    Basis.CONSENT,
    {"en": "Personal letters"},
    {"en": "You may look at what I view."},
    "SIA Kafija",
    notice=replace(NOTICE, data={"en": "What you view."}),
)


async def told_on(house: House, *also: Purpose, notice: Notice = NOTICE) -> None:
    """The topics, and what `also` is asked, are published with a notice."""
    asked = (replace(NEWSLETTER, notice=notice), replace(OFFERS, notice=notice), ORDERS, *also)
    await house.consent.publish(replace(POLICY, purposes=asked))


def details(page: str) -> dict[str, list[str]]:
    """The paragraphs of what is told, by their headings."""
    [inside] = re.findall(r'<details class="notice">(.*?)</details>', page, re.DOTALL)
    rows = re.findall(r"<dt>(.*?)</dt>(.*?)</div>", inside, re.DOTALL)
    plain = re.compile("<[^>]+>")
    return {
        unescape(head): [unescape(plain.sub("", one)) for one in re.findall(r"<p[^>]*>(.*?)</p>", body)]
        for head, body in rows
    }


async def test_the_form_tells_all_of_it_once_without_a_script(house: House):
    """Two topics of which the same is true are told of together; what is told is text, not markup."""
    await told_on(house)
    page = (await house.http.get("/signup")).text
    assert details(page) == {
        "Who is responsible": ["SIA Kafija", "Miera iela 1, Rīga", "dati@kafija.example"],
        "Which data": ["Your address."],
        "Who else gets it": ["Pasts <OÜ>."],
        "How long it is kept": ["Proof: 3 years.", "Backups: 30 days."],
        "Your rights": ["To see it."],
        "How to stop": ["By the link."],
    }
    assert "<script" not in page
    assert "mailto:dati@kafija.example" in page


async def test_where_topics_differ_each_has_its_own_line(house: House):
    """And stands above it by its title; what is true of all comes first, once."""
    kept = replace(NOTICE, retention={"en": "Proof: 3 years.\nViews: 25 months.\nBackups: 30 days."})
    await told_on(house, replace(VIEWS, notice=replace(kept, data=VIEWS.notice.data)))
    found = details((await house.http.get("/signup")).text)
    assert found["Which data"] == [
        "News and tips, Offers",
        "Your address.",
        "Personal letters",
        "What you view.",
    ]
    assert found["How long it is kept"] == [
        "Proof: 3 years.",
        "Backups: 30 days.",
        "Personal letters",
        "Views: 25 months.",
    ]
    assert found["Your rights"] == ["To see it."]


async def test_what_is_told_is_part_of_the_page_that_is_kept(house: House):
    """Whoever sends a form of before is shown the new one."""
    await told_on(house)
    shown = (await house.http.get("/signup")).text
    await told_on(house, notice=replace(NOTICE, recipients={"en": "Pasts OÜ and Kurjers OÜ."}))
    form = re.search(r'name="form" value="(\w+)"', shown)
    assert form
    answer = await house.http.post(
        "/signup", data={"form": form[1], "email": "anna@example.com", "topic": ["newsletter"]}
    )
    assert answer.status_code == 422
    assert details(answer.text)["Who else gets it"] == ["Pasts OÜ and Kurjers OÜ."]


async def test_the_page_to_confirm_tells_what_was_told_when_it_was_asked_for(house: House):
    """The version that stands in the log, in the language of the page; not what the settings say since."""
    await told_on(house)
    await house.sign_up("anna@example.com", language="lv")
    [(confirm, _)] = await house.mailed()
    await told_on(house, notice=replace(NOTICE, recipients={"en": "Others.", "lv": "Citi."}))
    page = (await house.http.get(confirm)).text
    assert details(page)["Kas vēl tos saņem"] == ["Pasts <OÜ>."]
    assert details(page)["Kas par tiem atbild"][0] == "SIA Kafija"
    await house.http.post(confirm)
    [subject] = await house.consent.subjects(["anna@example.com"])
    [asked] = [one for one in await house.consent.changes(0) if one.type == "confirmed"]
    assert asked.subject == subject
    leaf = [line for line in await house.consent.leaves(0) if '"confirmed"' in line][-1]
    assert purpose_version(replace(NEWSLETTER, notice=NOTICE)) in leaf


async def test_a_topic_of_which_nothing_is_told_has_no_empty_box(house: House):
    """As in a policy of before."""
    assert "<details" not in (await house.http.get("/signup")).text
