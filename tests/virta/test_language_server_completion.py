"""What an editor offers while one types."""

from pathlib import Path

import pytest
from edited_project import FLOW, SCENARIO, SCHEMA, Edited, edited_project
from lsprotocol.types import CompletionItem, InsertTextFormat, TextEdit

from virta.language_server.completion import complete, complete_template
from virta.language_server.mending import edited

FILES = {"flow": ("flows/thanks.flow", FLOW), "test": ("scenarios/thanks.flow", SCENARIO)} | {
    "schema": ("schema.flow", SCHEMA)
}


def typing(folder: Path, which: str, line: str) -> Edited:
    """The project with one more line at the end of a file; the cursor stands at its mark."""
    file, text = FILES[which]
    return edited_project(folder, file, text + line)


def items(project: Edited, *, snippets: bool = True) -> list[CompletionItem]:
    return complete(project.snapshot, project.file, project.position, snippets=snippets)


def offered(folder: Path, which: str, line: str) -> set[str]:
    """The labels of all that is offered at the mark in a new line."""
    return {each.label for each in items(typing(folder, which, line))}


@pytest.mark.parametrize(
    ("which", "line", "some", "none"),
    [
        ("flow", "    topic ▮", {"news"}, {"order_placed"}),
        ("flow", "    send ▮", {"hello", "gift"}, {"news"}),
        ("flow", "    start on ▮", {"order_placed", "tasting_booked", "joining segment"}, {"news"}),
        ("flow", "    goal or▮", {"order_placed"}, {"hello"}),
        ("flow", "    leave on order_placed where ▮", {"total", "order_id", "contact.plan"}, {"seats"}),
        ("flow", "    if contact.▮", {"plan", "first_name", "language"}, {"email", "total"}),
        ("flow", "    if trigger.▮", {"total", "order_id"}, {"plan"}),
        ("flow", "    if trigger.items.▮", {"sku", "price"}, {"total"}),
        ("flow", "    if sum of order_placed.▮", {"total", "discount"}, {"plan"}),
        ("flow", "    if any order_placed where total > 3 and ▮", {"contact.plan"}, {"discount"}),
        ("flow", "    if clicked ▮", {"hello", "second", "gift"}, {"offer"}),
        ("flow", "    if in segment ▮", {"regulars"}, {"news"}),
        ("flow", "    if agreed to ▮", {"news", "measurement"}, {"regulars"}),
        ("flow", "    if contact.plan is ▮", {'"free"', '"pro"', "contact.first_name"}, set()),
        ("flow", '    if contact.plan is "▮', {"free", "pro"}, {"contact.first_name"}),
        ("flow", "    send gift with ▮", {"code"}, {"links", "contact"}),
        ("flow", "    send gift with code ▮", {"coupon", "trigger.total"}, set()),
        ("flow", "    send gift with code coupon ▮", {"ten"}, {"news"}),
        ("flow", "    call ▮", {"crm"}, {"ten"}),
        ("flow", "    emit ▮", {"tasting_booked"}, {"order_placed", "subscribed"}),
        ("flow", "    emit tasting_booked with ▮", {"seats"}, set()),
        ("flow", "    set ▮", {"contact.plan"}, {"contact.language"}),
        ("flow", "    moved old to ▮", {"hello", "offer", "wait_1"}, set()),
        ("flow", "    wait until ▮", {"monday", "now", "any"}, set()),
        ("flow", '    tell "a@stall.example" "Hello {▮', {"contact.plan", "trigger.total"}, {"now"}),
        ("flow", "    start on subscribed where topic is ▮", {'"news"'}, set()),
        ("flow", "    at most 3 emails per ▮", {"day", "week", "month"}, set()),
        ("test", "    expect send ▮", {"hello", "second", "gift"}, {"news"}),
        ("test", "    expect skipped hello because ▮", {"withdrawn", "limit"}, {"hello"}),
        ("test", "    expect in ▮", {"wait_1", "offer"}, {"news"}),
        ("test", "    choose ▮", {"plain", "money"}, {"hello"}),
        ("test", "    expect arm plain of ▮", {"offer"}, {"hello"}),
        ("test", "    expect finished as ▮", {"keen"}, {"hello"}),
        ("test", "    after 1 day ▮", {"order_placed", "expect send mail", "opens mail"}, {"news"}),
        ("test", "    after 1 day order_placed with ▮", {"total", "items"}, {"plan"}),
        ("test", "    contact\n        ▮", {"plan", "language", "agreed to"}, {"order_placed"}),
        ("test", "    flow ▮", {"thanks"}, set()),
        ("schema", "contact\n    birthday ▮", {"date", "one of", "list of"}, {"news"}),
        ("schema", "event ▮", {"order_placed"}, {"tasting_booked"}),
    ],
)
def test_what_fits_is_offered(tmp_path: Path, which: str, line: str, some: set[str], none: set[str]) -> None:
    """Names by what stands before them, words by the grammar; and nothing that the line would refuse."""
    found = offered(tmp_path, which, line)
    assert some <= found
    assert not none & found


@pytest.mark.parametrize(
    ("which", "line", "label"),
    [
        ("schema", "▮", 'flow name "Title" …'),
        ("schema", "to▮", 'topic name "Title" …'),
        ("flow", "    ▮", "send template"),
        ("flow", "    ▮", "start on joining segment segment"),
        ("flow", "    if any order_placed\n        ▮", "wait 2 days"),
        ("flow", "    send hello as third\n        ▮", 'subject "text"'),
        ("schema", "coupon five\n    ▮", "15% off"),
        ("test", "    expect send hello\n        ▮", 'subject contains "words"'),
    ],
)
def test_a_line_is_offered_to_fill_in(tmp_path: Path, which: str, line: str, label: str) -> None:
    """With its meaning, and holes that the editor leads through; plain where it cannot."""
    project = typing(tmp_path, which, line)
    (item,) = [each for each in items(project) if each.label == label]
    assert item.insert_text_format == InsertTextFormat.Snippet
    assert item.documentation is not None
    (plain,) = [each for each in items(project, snippets=False) if each.label == label]
    assert isinstance(plain.text_edit, TextEdit)
    assert "${" not in plain.text_edit.new_text


def test_header_lines_are_offered_at_the_head_only(tmp_path: Path) -> None:
    """Below a condition only steps can stand."""
    found = offered(tmp_path, "flow", "    if any order_placed\n        ▮")
    assert not {label for label in found if label.startswith(("goal", "enter", "holdout"))}


@pytest.mark.parametrize(
    ("line", "label", "result"),
    [
        ("    wait for b▮", "wait for best time", "    wait for best time"),
        ("    start on jo▮", "joining segment", "    start on joining segment"),
        ("    if agr▮", "agreed to", "    if agreed to"),
        ("    unsub▮", "unsubscribe from topic", "    unsubscribe from topic"),
        ("    send he▮", "hello", "    send hello"),
        ('    if contact.plan is "p▮', "pro", '    if contact.plan is "pro'),
        ("    leave on order_placed where to▮", "total", "    leave on order_placed where total"),
        (
            '    if contact.first_name is "😀" and contact.pl▮',
            "plan",
            '    if contact.first_name is "😀" and contact.plan',
        ),
    ],
)
def test_what_is_chosen_takes_the_place_of_what_is_typed(
    tmp_path: Path, line: str, label: str, result: str
) -> None:
    """Also of the first words of a phrase of several."""
    project = typing(tmp_path, "flow", line)
    item = next(each for each in items(project, snippets=False) if each.label == label)
    assert isinstance(item.text_edit, TextEdit)
    text = edited(project.snapshot.text(project.file), [item.text_edit])
    assert text.splitlines()[-1] == result


def test_received_is_offered_below_the_event_that_came(tmp_path: Path) -> None:
    """Elsewhere nothing has come."""
    wait = "    wait for order_shipped up to 3 days\n        on order_shipped\n            "
    found = offered(tmp_path, "flow", wait + "if received.▮")
    assert {"tracking", "carrier"} <= found
    assert "received.tracking" not in offered(tmp_path, "flow", "    if ▮")


def test_nothing_is_offered_in_a_comment(tmp_path: Path) -> None:
    """It is for people."""
    assert offered(tmp_path, "flow", "    # send ▮") == set()


# ------------------------------------------------------------------ templates


def in_template(folder: Path, text: str, file: str = "templates/hello.html") -> set[str]:
    """What is offered at the mark in a template."""
    project = edited_project(folder, file, text)
    return {each.label for each in complete_template(project.snapshot, file, project.position)}


@pytest.mark.parametrize(
    ("text", "some", "none"),
    [
        ("<p>{{ ▮", {"contact", "trigger", "sum_paid", "links", "sender", "recommend"}, {"received", "code"}),
        ("<p>{{ con▮ }}", {"contact"}, {"subject: "}),
        ("<p>{{ contact.▮", {"first_name", "plan", "language"}, {"total"}),
        ("<p>{{ trigger.▮", {"total", "items"}, {"plan"}),
        ('<a href="{{ links.▮ }}">', {"unsubscribe", "preferences", "browser"}, {"contact"}),
        ("<p>{{ sum_paid | ▮", {"money", "date", "time", "default"}, {"contact"}),
        ("{% for each in trigger.items %}{{ each.▮", {"sku", "price"}, {"total"}),
        ("{% for each in recommend(3) %}{{ each.▮", {"name", "url"}, {"total"}),
        ("{% ▮", {"if", "for", "endfor"}, {"contact"}),
        ("{% if ▮", {"contact", "trigger"}, {"endif"}),
        ("---\nsub▮", {"subject: ", "preheader: "}, {"contact"}),
        ("{{ contact.plan }} ▮", set(), {"contact", "if"}),
        ('{{ contact.created_at | date("▮', {"long", "short", "weekday"}, {"contact"}),
    ],
)
def test_a_template_is_offered_what_its_mails_are_given(
    tmp_path: Path, text: str, some: set[str], none: set[str]
) -> None:
    """By every `send` of it: contact, trigger, the values behind `with`; links and filters."""
    found = in_template(tmp_path, text)
    assert some <= found
    assert not none & found
