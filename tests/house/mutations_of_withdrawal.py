"""Faults in the way of a withdrawal, each of which the model of the promise must notice.

A row: what is broken, the file, what stands there, what stands there instead."""

BROKEN = (
    (
        "without the feed of revocations",
        "engine/delivery/mailer.py",
        "if stop is not None and stop.leaf > permit.leaf:",
        "if False:",
    ),
    (
        "without the state of the topic at the gate",
        "consent/mails/gate.py",
        "if state not in rests_on:",
        "if state is State.NONE:",
    ),
    (
        "journeys end at their next step only",
        "engine/core/advance.py",
        "leaving.all_of(turn, lambda flow: flow.graph.topic == data.topic, Why.TOPIC_WITHDRAWN)",
        "pass",
    ),
    (
        "a complaint ends no journey",
        "engine/core/advance.py",
        'leaving.all_of(turn, lambda flow: flow.graph.purpose == "marketing", data.reason)',
        "pass",
    ),
    (
        "without complaints at the gate",
        "consent/mails/gate.py",
        "if subject.holds(subject.complained, topic):",
        "if False:",
    ),
    (
        "all means this topic",
        "consent/subscriber/withdrawal.py",
        "if topic and not everything else",
        "if topic else",
    ),
    (
        "what may have gone goes again after a kill",
        "engine/delivery/recover.py",
        "settlements.append(Settlement(key, attempt, Outcome.UNKNOWN))",
        "settlements.append(Settlement(key, attempt, Outcome.RELEASED))",
    ),
    (
        "without the mark before the final dot",
        "engine/delivery/mailer.py",
        "self._attempts.begin(permit.key, permit.attempt)",
        "pass",
    ),
    (
        "what a flow withdraws is dropped",
        "engine/run/errands.py",
        "effect.contact, body.topic, body.flow, effect.key, body.at",
        'effect.contact, "none", body.flow, effect.key, body.at',
    ),
    (
        "the page of preferences withdraws nothing",
        "consent/subscriber/preferences.py",
        "    if dropped:\n",
        "    if False:\n",
    ),
    (
        "without bounces at the gate",
        "consent/mails/gate.py",
        "if subject.bounced > subject.confirmed:",
        "if False:",
    ),
    (
        "a permit lives for ever",
        "engine/delivery/mailer.py",
        "return self._clock() <= permit.deadline and",
        "return",
    ),
    (
        "a link from before a withdrawal counts",
        "consent/subscriber/withdrawal.py",
        "    drop(tx, subject.id, json.dumps(list(topics)))\n",
        "    pass\n",
    ),
    (
        "a link from before a complaint counts",
        "consent/subscriber/withdrawal.py",
        '    (close_own if kind == HARD_BOUNCE else close_all)(tx, subject.id, "withdrawn")\n',
        "    pass\n",
    ),
    (
        "what a flow withdraws is forgotten by a kill",
        "engine/run/errands.py",
        "                self._asked.append(effect)\n                continue",
        "                continue",
    ),
    (
        "the engine is deaf to complaints",
        "engine/run/changes.py",
        '    "complaint": Why.COMPLAINED,\n',
        "",
    ),
    (
        "what was withdrawn while the engine was down is missed",
        "engine/run/changes.py",
        "there = await consent.changes(cursor - 1, 1) if cursor else []",
        "there: list[Change] = []",
    ),
)
