"""Breaks of rules about time and values: module of engine/core, text, what stands instead, rule."""

VALUES = (
    # ---- durations and clocks
    (
        "turn",
        "                self._carry_waits(before)\n",
        "",
        "who waits for a time of day and moves waits for that of the new clock",
    ),
    (
        "turn",
        "at is not None and self.now < meant < NEVER",
        "at is not None and self.now < meant < NEVER and before is self.loaded.default_zone",
        "a time of day that is over on the new clock has come",
    ),
    (
        "turn",
        "case Wait(at=at) | WaitUntilTime(at=at):\n                return at",
        'case Wait(at=at) | WaitUntilTime(at=at):\n                return at or "09:00"',
        "a wait for a while is as long as it was, wherever people move",
    ),
    (
        "calendar",
        "moved = instant(shown, clock)\n    return",
        "moved = start + sign * (length.months * 30 + length.days) * _DAY\n    return",
        "days are calendar time: the same wall-clock time on the later day, whatever the clocks do",
    ),
    (
        "calendar",
        "return _end_of_gap(shown, clock)",
        "return found",
        "a time of day that is skipped is waited for until the end of the gap",
    ),
    (
        "calendar",
        "return wall(instant_, clock).date()",
        'return wall(instant_, ZoneInfo("UTC")).date()',
        "`today` is the day on the flow's clock",
    ),
    (
        "calendar",
        "return add(start, length, clock) > now",
        "return add(start, length, clock) >= now",
        "`in last D` reckons on the calendar, as durations do",
    ),
    (
        "calendar",
        "return passed < 0",
        "return passed <= 0",
        "`in last D` begins just behind now − D: what happened then is in it no more",
    ),
    # ---- history
    (
        "conditions",
        "before = len(at_once) if journey.beside is None else journey.beside.get(event, 0)",
        "before = 0",
        "`since entry` excludes the event that started the journey",
    ),
    (
        "conditions",
        "first is not None and at >= first",
        "first is not None and at > first",
        "`since DATE` begins with the first moment of that day",
    ),
    (
        "conditions",
        'selected[0 if kind == "first" else -1]',
        'selected[-1 if kind == "first" else 0]',
        "`first` and `last` are a field of that one event",
    ),
    (
        "conditions",
        "seen.at > journey.started\n            and ",
        "",
        "`clicked` and `opened` ask for the mails of this journey only",
    ),
    (
        "conditions",
        'and (link is None or seen.data.get("link") == link)',
        "",
        "`clicked` asks whether any link was clicked, `link` whether it was this one",
    ),
    (
        "conditions",
        "step in scene.journey.sent",
        "step",
        "`sent` is no for a mail that was skipped",
    ),
    # ---- what is unknown
    (
        "conditions",
        "return None if isinstance(value, str) and not value.strip() else value",
        "return value",
        "blank text is unknown",
    ),
    (
        "conditions",
        "if since is None:\n        return False",
        "if since is None:\n        return True",
        "without measurement consent opens and clicks are unknown, not absent",
    ),
    (
        "conditions",
        'scene.bundle.predicted.get(what) if "personalisation" in scene.bundle.agreed else None',
        "0",
        "predictions are unknown without personalisation consent",
    ),
    (
        "conditions",
        '("is not", all) if asked.negated',
        '("is not", any) if asked.negated',
        "`not in` values of which one is unknown is no",
    ),
    (
        "operators",
        'return False\n    if operator == "contains"',
        'return operator == "is not"\n    if operator == "contains"',
        "a comparison with an unknown value is no, `is not` included",
    ),
    (
        "operators",
        "if right else None",
        "if right else 0",
        "division by zero is unknown",
    ),
    # ---- comparisons
    (
        "operators",
        'unicodedata.normalize("NFC", text.strip())',
        'unicodedata.normalize("NFC", text)',
        "texts compare trimmed",
    ),
    (
        "operators",
        ".casefold())",
        ".strip())",
        "texts compare without regard to capitals",
    ),
    (
        "operators",
        'any(compare("is", member, right, clock) for member in left)',
        'any(compare("contains", member, right, clock) for member in left)',
        "`contains` on a list asks for a member that is equal",
    ),
    (
        "operators",
        "return calendar.day(left, clock), right",
        "return left, calendar.midnight(right, clock)",
        "a moment against a date compares the moment's day",
    ),
    # ---- money
    (
        "operators",
        "isinstance(right, Money) and left.currency != right.currency",
        "False",
        "money is never converted: an amount in another currency is unknown",
    ),
    (
        "operators",
        "if not isinstance(value, Money) or value.currency == wanted",
        "if wanted is not None",
        "aggregates skip amounts in another currency",
    ),
)
