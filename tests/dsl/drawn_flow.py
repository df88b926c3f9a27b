"""Flows for drawings: any text, and one with a step of every kind."""

from datetime import date

from dsl.compile import Project, compile_project
from dsl.graph import Graph

_HEAD = """
use shop
contact
    city text
event tea_time
    cup text
topic news "News <b>&"
    for marketing
    consent "I want news."
segment locals
    contact.city is "Riga"
webhook crm
    url "https://crm.example/hook"
    secret env CRM_SECRET
flow zz_other
    topic news
    start by request
    send hello
"""
_EVERY_KIND = """
flow weekly "Every kind"
    topic news
    start every monday at 09:00 for segment locals
    start at 2027-12-01 10:00 for segment locals
    start on order_placed
    enter again after 90 days
    holdout 10%
    goal order_placed within 90 days

    wait for best time up to 1 day
    send hello
    emit tea_time with cup "big"
    call crm with city contact.city
    start flow zz_other
    wait until any tea_time up to 2 days
    split offer
        50% short
            send more
        50% long
            wait 2 days
            send last
        keep winner by order_placed after 1000 contacts
    if contact.city is "Riga"
        add tag "near"
    repeat up to 3 times
        wait 1 day
        send again
    finish as done
"""
_MAIL = (
    b'---\nsubject: Hello\n---\n<p>Hi</p><a href="{{ links.unsubscribe }}">Stop</a> {{ sender.imprint }}\n'
)


def compiled(text: str) -> Graph:
    """The first flow of a text, by name, beside a schema and four templates."""
    mails = tuple((f"templates/{name}.html", _MAIL) for name in ("hello", "again", "more", "last"))
    done = compile_project(
        Project(
            (("a.flow", (_HEAD + text).encode()),), mails, ("en",), "EUR", "Europe/Riga", date(2026, 3, 2)
        )
    )
    assert done.program is not None, done.findings
    return min(done.program.flows, key=lambda flow: flow.flow)


def every_kind() -> Graph:
    """A flow with steps, starts and notes of all kinds."""
    return compiled(_EVERY_KIND)
