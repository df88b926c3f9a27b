"""Breaks of rules about order, starts, waits, limits: module, text, what stands instead, its rule."""

_LEAVE = """    leaving.on_event(turn, data.event, event)
    if turn.loaded.watches:
        leaving.when_true(turn)
"""
_HEAR = """    for journey in turn.bundle.journeys:
        waits.hear(turn, journey, data.event, event)
"""

STEPS = (
    # ---- order
    (
        "advance",
        "_remember(turn, data.event, data.data, at)\n    if turn.bundle.restricted",
        "if turn.bundle.restricted",
        "an event is history before anything is asked of it",
    ),
    (
        "advance",
        f"{_LEAVE}{_HEAR}",
        f"{_HEAR}{_LEAVE}",
        "an event ends a journey before waits hear it",
    ),
    (
        "advance",
        "if not data.late:",
        "if True:",
        "an event that is more than 24 hours late starts nothing",
    ),
    (
        "advance",
        "for name in sorted(starting):",
        "for name in sorted(starting, reverse=True):",
        "an event starts flows by their names",
    ),
    (
        "advance",
        "turn.following.popleft()",
        "turn.following.pop()",
        "emitted events are processed in order",
    ),
    # ---- entering and leaving
    (
        "entering",
        "return Why.IN_FLOW",
        "return None",
        "one journey of a flow runs per contact at a time",
    ),
    (
        "entering",
        "NEVER if graph.entry is Entry.ONCE else 0",
        "0",
        "without a word about it nobody enters a second time",
    ),
    (
        "entering",
        "turn.now < free_again(",
        "turn.now <= free_again(",
        "`enter again after` counts from the last entry, and not from the end",
    ),
    (
        "entering",
        "if value is None:\n",
        "if not trigger:\n",
        "one journey per value: an unknown value starts none",
    ),
    (
        "entering",
        'graph.purpose == "marketing" and graph.topic is not None and graph.topic not in',
        'graph.purpose == "nothing" and graph.topic is not None and graph.topic not in',
        "a flow on a marketing topic starts only for people who agreed to it",
    ),
    (
        "entering",
        "if flow.leave_when is not None and",
        "if flow.leave_when is None and flow.leave_when is not None and",
        "where `leave when` is true already there is no entry",
    ),
    (
        "leaving",
        "if listener.test is None or listener.test(scene):",
        "if listener.event:",
        "an event whose `where` does not hold ends nothing",
    ),
    (
        "advance",
        "leaving.all_of(turn, lambda flow: flow.graph.topic == data.topic, Why.TOPIC_WITHDRAWN)",
        "pass",
        "withdrawing the flow's topic ends the journey at once, without being written",
    ),
    (
        "advance",
        'leaving.all_of(turn, lambda flow: flow.graph.purpose == "marketing", data.reason)',
        "pass",
        "a complaint ends a marketing journey at once, without being written",
    ),
    # ---- starts by the calendar
    (
        "dates",
        "max(day.year + 1, ",
        "max(day.year, ",
        "`every year` begins with the first anniversary",
    ),
    (
        "dates",
        "-1 if start.before else 1",
        "1",
        "`D before` starts a flow so long before the date",
    ),
    (
        "dates",
        "dated.segment not in turn.bundle.segments",
        "dated.segment in turn.bundle.segments",
        "a recurring start is for the members of its segment only",
    ),
    (
        "schedule",
        "day = calendar.day_of_month(month, number)",
        "day = calendar.day_of_month(month, min(number, 28))",
        "`start every month` on a day that a month lacks comes on its last day",
    ),
    # ---- waits and steps
    (
        "waits",
        "if listener.test is None or listener.test(scene):",
        "if heard.event:",
        "`wait for` does not hear an event whose `where` does not hold",
    ),
    (
        "looking",
        "if test is not None and 0 < rounds < node.times:",
        "if test is not None and rounds < node.times:",
        "`until` is not asked before the first round",
    ),
    (
        "steps",
        "return journey, END if node.topic == flow.graph.topic else node.next",
        "return journey, node.next",
        "nothing happens behind unsubscribing from the flow's own topic",
    ),
    (
        "changing",
        "if node.add:\n        tags",
        "if True:\n        tags",
        "`remove tag` takes a tag away, and no other",
    ),
    (
        "coupons",
        "calendar.add(made, declared.valid",
        "calendar.add(turn.now, declared.valid",
        "a code that comes again is valid as long as it was said first",
    ),
    (
        "habits",
        "if len(read) < ENOUGH:",
        "if read:",
        "`wait for best time` waits for the hour at which this person clicks or opens",
    ),
    # ---- limits
    (
        "limits",
        "if cap.wait is None:\n            return Room(None, Why.LIMIT)",
        "if cap.wait is None:\n            continue",
        "a full limit without `else` skips at once, and the flow goes on",
    ),
    (
        "limits",
        "latest = min(latest, calendar",
        "latest = max(latest % NEVER, calendar",
        "of several full limits the shortest `else wait up to` counts",
    ),
    (
        "limits",
        "timedelta(days=of.weekday())",
        "timedelta(days=(of.weekday() + 1) % 7)",
        "a week is one of the calendar, Monday first",
    ),
    (
        "limits",
        "if cap.rolling is not None:\n        ends",
        "if cap.rolling is None:\n        ends",
        "`per 1 day` is a rolling window",
    ),
    (
        "limits",
        "shows >= quiet.start or shows < quiet.end if night",
        "shows > quiet.start or shows <= quiet.end if night",
        "quiet begins at its first moment",
    ),
    (
        "limits",
        "for each, _, own in limits for quiet in each.quiet",
        "for each, _, own in limits[:1] for quiet in each.quiet",
        "quiet periods add up",
    ),
    (
        "holding",
        "turn.flow(journey).graph.priority, journey.held",
        "journey.held",
        "when limits leave room for some mails only, they go by priority, 1 first",
    ),
    (
        "holding",
        "graph.priority, journey.held, journey.flow",
        "graph.priority, journey.flow",
        "among equals the mail goes first that has waited longest",
    ),
    (
        "holding",
        "[mail for mail in mails if mail.flow == journey.flow]",
        "mails",
        "a limit of a flow counts its own mails only",
    ),
    (
        "mailing",
        "if keep and not service:",
        "if keep:",
        "mail for service counts in no limit",
    ),
    (
        "mailing",
        "return node.topic not in turn.loaded.service_topics",
        "return True",
        "mail for service is exempt from quiet",
    ),
)
