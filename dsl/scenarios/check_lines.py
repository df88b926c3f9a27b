"""The lines of a scenario: each speaks of what the project and its flows have."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from dsl.checks.conditions import known_event
from dsl.draft import Draft
from dsl.faults.scenarios import NOT_EXPECTED, expect_instead
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import CONTACT_ALWAYS, PURPOSES, unknown
from dsl.meaning.scope import Scope, value_type
from dsl.meaning.typing_rules import check_condition
from dsl.nodes import scenarios
from dsl.nodes.heads import StartByRequest
from dsl.nodes.terms import History, MailTest, Name, Not, Path
from dsl.scenarios.cast import Cast, at_least
from dsl.scenarios.clock import Hour
from dsl.scenarios.reasons import REASONS
from dsl.scenarios.values import check_fields, check_offered
from dsl.wording.values import duration_words

_FROM_VIRTA = {
    "email_sent": "Write `expect send` and the name of the mail.",
    "email_delivered": "Delete this line: a mail is delivered as it goes, unless it comes back further down.",
}
_LINES = {"email_opened": "opens", "email_clicked": "clicks"}
_CHOSEN = ("subscribed", "unsubscribed")
_RETURNED = ("email_bounced", "email_complained")
_ALLOWED = ("is", "is not", "contains", "starts with", "ends with")
_EXPECTED = {
    **dict.fromkeys(("leave", "leaves", "exit", "exits", "exited", "gone", "ended"), "left"),
    **dict.fromkeys(("finish", "finishes", "done", "complete", "completed", "end"), "finished"),
    **dict.fromkeys(("mail", "email", "mails", "emails", "sends"), "1 email"),
    **dict.fromkeys(("nothing", "silence"), "no send"),
}


def check_scene(hour: Hour, node: scenarios.ScenarioNode, cast: Cast, draft: Draft) -> Iterator[Finding]:
    """What keeps one line from being played."""
    scope = draft.outside()
    match hour.scene.does:
        case scenarios.Happens() as does:
            yield from _happens(does, draft, scope)
        case scenarios.OpensMail(mail) | scenarios.ClicksMail(mail):
            yield from _mail(mail, cast)
            yield from _measured(hour.scene, node, draft)
            yield from _sent_before(mail, hour, cast)
        case scenarios.WithdrawsTopic(topic):
            yield from check_agreed(topic, draft)
        case scenarios.SetsAttribute() as does:
            yield from _sets(does, draft, scope)
        case scenarios.StartsFlow(flow):
            yield from _starts(flow, cast, draft)
        case scenarios.SendExpected(mail, wordings):
            yield from _mail(mail, cast)
            for line in wordings:
                yield from _wording(line)
        case scenarios.NoSendExpected(Name() as mail):
            yield from _mail(mail, cast)
        case scenarios.SkipExpected(mail, reason):
            yield from _mail(mail, cast)
            if reason.text and reason.text not in REASONS:
                listed = ", ".join(f"`{each}`" for each in sorted(REASONS))
                yield unknown("E611", "reason", reason, REASONS, f"Known are {listed}.")
        case scenarios.StepExpected(step):
            yield from _named(step, "step", cast.steps, cast)
        case scenarios.FinishExpected(Name() as label) if cast.whole and label.text:
            if label.text not in cast.labels:
                help = "Write `expect finished`." if not cast.labels else ""
                yield unknown("E606", "`finish` in the flow with the label", label, cast.labels, help)
        case scenarios.ArmExpected(label, split):
            yield from check_arm(label, split, cast)
        case scenarios.ConditionExpected() as does:
            yield from _condition(does, scope, cast)


def check_arm(label: Name, split: Name, cast: Cast) -> Iterator[Finding]:
    """An arm of a split that there is not."""
    faults = list(_named(split, "split", cast.splits, cast))
    yield from faults
    arms = cast.arms.get(split.text, [])
    if cast.whole and not faults and label.text and arms and all(arms) and label.text not in arms:
        yield unknown("E606", f"arm of `{split.text}` called", label, arms)


def _named(name: Name, kind: str, known: Mapping[str, list[str]], cast: Cast) -> Iterator[Finding]:
    """A name that no flow of the scenario has, or that several have."""
    if not (cast.whole and name.text):
        return
    flows = list(dict.fromkeys(known.get(name.text, [])))
    if not flows:
        where = f"the flow `{cast.flows[0]}`" if len(cast.flows) == 1 else "these flows"
        yield unknown("E606", f"{kind} in {where} called", name, known)
    elif len(flows) > 1:
        yield error(
            "E608",
            name.span,
            f"Several flows of this scenario have a {kind} `{name.text}`: "
            f"{' and '.join(f'`{each}`' for each in flows)}.",
            f"Name it in one of them with `as {flows[0]}_{name.text}`, or write a scenario for each flow.",
        )


def _mail(mail: Name, cast: Cast) -> Iterator[Finding]:
    if cast.whole and mail.text and mail.text in cast.steps and mail.text not in cast.mails:
        help = f"Name a mail, as in `{next(iter(cast.mails))}`." if cast.mails else ""
        yield error("E607", mail.span, f"`{mail.text}` is a step that sends no mail.", help)
        return
    yield from _named(mail, "mail", cast.mails, cast)


def _measured(scene: scenarios.SceneLine, node: scenarios.ScenarioNode, draft: Draft) -> Iterator[Finding]:
    """Opens and clicks of a contact of whom they are never known."""
    lines = [line for block in node.contacts for line in block.lines]
    agreed = any(
        isinstance(line, scenarios.AgreedLine) and line.topic.text == "measurement" for line in lines
    )
    if agreed or any(block.damaged for block in node.contacts):
        return
    yield error(
        "E609",
        scene.span,
        "This contact does not agree to measurement, so opens and clicks are never known of them.",
        "Write `agreed to measurement` below `contact`.",
    )


def _sent_before(mail: Name, hour: Hour, cast: Cast) -> Iterator[Finding]:
    if not cast.whole or mail.text not in cast.earliest:
        return
    needed = timedelta(seconds=at_least(cast.earliest[mail.text]))
    if hour.since_first is not None and needed <= hour.since_first:
        return
    wait = duration_words(cast.earliest[mail.text])
    yield error(
        "E610",
        mail.span,
        f"`{mail.text}` cannot have been sent yet: nothing has happened before this line."
        if hour.since_first is None
        else f"`{mail.text}` cannot have been sent yet: it goes {wait} after the start at the earliest.",
        "Move this line down, behind the line that expects the mail."
        if hour.since_first is None
        else f"Write `after {wait}` or more in front, counted from the start of the flow.",
    )


def _happens(does: scenarios.Happens, draft: Draft, scope: Scope) -> Iterator[Finding]:
    findings: list[Finding] = []
    if not known_event(does.event, scope, findings):
        yield from findings
        yield from check_fields(does.values, None, scope)
        return
    event = draft.names.events[does.event.text]
    if event.name in _LINES:
        line = _LINES[event.name]
        message = f"`{event.name}` happens when a mail is read, which a line of its own says."
        yield error("E613", does.event.span, message, f"Write `{line}` and the name of the mail.")
        return
    if event.name in _FROM_VIRTA:
        message = f"No line of a scenario brings `{event.name}`."
        yield error("E614", does.event.span, message, _FROM_VIRTA[event.name])
        return
    if event.name in (*_CHOSEN, *_RETURNED) and does.late is not None:
        message = f"Virta itself tells of `{event.name}` when it happens, so it never comes late."
        yield error("E619", does.event.span, message, f"Write `{event.name}` without `late by`.")
    yield from check_fields(does.values, event, scope)
    if event.name in _CHOSEN:
        yield from _chosen(does, event.name, draft)


def _chosen(does: scenarios.Happens, event: str, draft: Draft) -> Iterator[Finding]:
    """A sign-up or a withdrawal: it is always one of a topic."""
    topics = [value for name, value in does.values if name.text == "topic"]
    if not topics:
        known = next(iter(draft.names.topics), "news")
        message = f"`{event}` does not say of which topic."
        yield error("E615", does.event.span, message, f'Write `{event} with topic "{known}"`.')
        return
    value = getattr(topics[0], "value", None)
    if isinstance(value, str):
        yield from check_agreed(Name(value, topics[0].span), draft, quoted=True)


def check_agreed(topic: Name, draft: Draft, quoted: bool = False) -> Iterator[Finding]:
    """What keeps people from agreeing to a topic or a purpose, and from taking it back. `quoted`: it is
    written as a text."""
    if topic.text not in PURPOSES:
        yield from _topic(topic, draft, quoted)
    elif draft.purposes is not None and topic.text not in draft.purposes:
        yield error(
            "E616",
            topic.span,
            f"This project asks nobody to agree to `{topic.text}`, so nobody can have.",
            f"Delete this line, or ask on the sign-up form: write `[purposes.{topic.text}]` in virta.toml.",
        )


def _topic(topic: Name, draft: Draft, quoted: bool) -> Iterator[Finding]:
    if topic.text and topic.text not in draft.names.topics:
        known = (*draft.names.topics, *PURPOSES)
        help = f"Declare it with `topic {topic.text}`."
        yield unknown("E204", "topic", topic, known, help, quote='"' if quoted else "")
    elif draft.names.purpose(topic.text) == "service":
        message = f"`{topic.text}` is for service: nobody agrees to it, and nobody takes that back."
        yield error("E462", topic.span, message, "Name a topic for marketing, or delete this line.")


def _sets(does: scenarios.SetsAttribute, draft: Draft, scope: Scope) -> Iterator[Finding]:
    root, *rest = does.path.parts
    if root.text != "contact" or len(rest) != 1:
        help = f"Write `set contact.{does.path.parts[-1].text} to …`."
        yield error("E423", does.path.span, "Only an attribute of the contact can be set.", help)
        return
    name = rest[0].text
    if name in CONTACT_ALWAYS and name not in ("language", "time_zone", "country"):
        message = f"`contact.{name}` is kept by Virta and does not change."
        yield error("E617", rest[0].span, message, "Delete this line.")
        return
    declared = draft.names.attribute(name)
    if declared is None:
        known: Collection[str] = draft.names.attributes
        yield unknown("E203", "attribute", rest[0], known, f"Declare it below `contact`: `{name} text`.")
    elif does.value is not None:
        yield from check_offered(does.value, name, value_type(declared), scope)


def _starts(name: Name, cast: Cast, draft: Draft) -> Iterator[Finding]:
    if not name.text:
        return
    flow = draft.names.flows.get(name.text)
    if flow is None:
        yield unknown("E219", "flow", name, draft.names.flows)
    elif not flow.damaged and not any(isinstance(head, StartByRequest) for head in flow.heads):
        help = f"Write `start by request` in the head of `{name.text}`."
        yield error("E430", name.span, f"The flow `{name.text}` does not start by request.", help)
    elif cast.whole and name.text not in cast.flows:
        message = f"The flow `{name.text}` does not run in this scenario."
        yield error("E605", name.span, message, f"Write `flow {name.text}` in the head of the scenario.")


def _wording(line: scenarios.WordingLine) -> Iterator[Finding]:
    if line.operator not in _ALLOWED:
        message = f"`{line.operator}` compares numbers, amounts and dates, not words."
        yield error("E309", line.span, message, f'Write `{line.part} contains "…"`.')
    elif not line.words.value.strip():
        yield error("E415", line.words.span, "This text is blank.", "Write the words that you expect.")


def _condition(does: scenarios.ConditionExpected, scope: Scope, cast: Cast) -> Iterator[Finding]:
    test = does.test
    match test:
        case History("no", Path((name,)), None, None) if name.text in cast.mails:
            help = f"Write `expect no send {name.text}`."
            yield error("E111", test.span, "An expectation asks for mails in other words.", help)
            return
        case Path((name,)) if name.text in cast.mails:
            help = f"Write `expect send {name.text}`."
            yield error("E111", test.span, "An expectation asks for a mail in another word.", help)
            return
        case MailTest("sent", step):
            help = f"Write `expect send {step.text}`."
            yield error("E111", test.span, "An expectation asks for a mail in another word.", help)
            return
        case MailTest(kind, step):
            help = f"Expect what follows from it instead, as in `expect send {step.text}`."
            yield error("E618", test.span, f"Whether a mail was {kind} is said, not expected.", help)
            return
        case History("no", Path((name,))) if name.text in ("mail", "mails", "email", "emails", "sends"):
            if name.text not in scope.names.events:
                yield error(
                    "E111", test.span, "An expectation asks for mails in other words.", "Write `no send`."
                )
                return
        case Not(Path((name,))) if name.text in ("left", "finished"):
            yield error("E111", test.span, NOT_EXPECTED, expect_instead(next(iter(cast.steps), "reminder")))
            return
        case Path((name,)) if name.text in _EXPECTED:
            help = f"Write `expect {_EXPECTED[name.text]}`."
            yield error("E111", test.span, f"`{name.text}` is no word of an expectation.", help)
            return
    findings: list[Finding] = []
    check_condition(test, scope, findings)
    yield from findings
