"""The words of the language: which are taken, which are not built yet, and how each line reads.

The one place to change when a construct is added.
"""

import re

DECLARATIONS = ("use", "contact", "event", "topic", "segment", "flow")
HEADS = ("topic", "start", "enter", "one", "leave", "goal")
STEPS = ("send", "wait", "if", "else", "split", "finish")
LATER_DECLARATIONS = ("coupon", "webhook", "limits", "scenario")
LATER_HEADS = ("quiet", "at", "time", "priority", "holdout", "moved")
LATER_STEPS = ("repeat", "set", "add", "remove", "emit", "call", "unsubscribe", "tell")

CONDITION_WORDS = frozenset(
    "and or not is between contains any no yes first last known unknown now today since opened clicked sent "
    "tagged predicted where with contact trigger received".split()
)
"""No field, attribute or declared name may be one of these."""

DECLARED_WORDS = CONDITION_WORDS | {
    *"in starts ends count sum average largest smallest agreed within as on up to".split(),
    *DECLARATIONS,
    *HEADS,
    *STEPS,
    *LATER_DECLARATIONS,
    *LATER_HEADS,
    *LATER_STEPS,
}
"""No declared name (of a topic, event, segment, flow) may be one of these."""

SYNONYMS = {
    **dict.fromkeys(("elif", "elsif", "elseif"), "else if"),
    **dict.fromkeys(("end", "stop", "exit", "quit", "done"), "finish"),
    **dict.fromkeys(("mail", "email"), "send"),
    **dict.fromkeys(("sleep", "pause", "delay"), "wait"),
    **dict.fromkeys(("when", "begin", "trigger"), "start"),
    "otherwise": "else",
}
"""Words that other tools have for the lines of a flow."""

FIELD_TYPES = ("text", "number", "money", "flag", "date", "moment", "url")

NOT_YET = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"(coupon|webhook|limits|scenario)\b", ""),
        (r"wait +until\b", ""),
        (r"wait +for +best +time\b", ""),
        (r"repeat\b", ""),
        (r"set +contact\b", "set"),
        (r"(add|remove) +tag\b", ""),
        (r"(emit|call|tell)\b", ""),
        (r"start +flow\b", ""),
        (r"start +on +date\b", ""),
        (r"start +every\b", ""),
        (r"start +at\b", ""),
        (r"start +by +request\b", ""),
        (r"unsubscribe +from\b", ""),
        (r"leave +when\b", ""),
        (r"(quiet|priority|holdout|moved)\b", ""),
        (r"at +most\b", ""),
        (r"time +zone\b", ""),
        (r"(keep +winner|adapt +by)\b", ""),
    )
)
"""How a line begins that a later version reads; an empty name: as matched."""

NOT_YET_WITHIN = re.compile(r"\bper +\d+ +days\b")
"""The same for what stands within a line."""

EXAMPLES: dict[str, str] = {
    "use": "`use shop`",
    "contact": "`contact`, with one indented line for each attribute: `first_name text`",
    "event": "`event order_placed`, with one indented line for each field: `total money`",
    "topic": '`topic newsletter "News and tips"`, with the indented lines `for marketing` and `consent "…"`',
    "segment": '`segment vip "Best customers"`, with one condition indented below',
    "flow": '`flow welcome "Welcome"`, with header lines and steps indented below',
    "flow topic": "`topic newsletter`",
    "start": "`start on order_placed`, `start on order_placed where total > 50 EUR` or "
    "`start on joining segment vip`",
    "enter": "`enter once`, `enter again after 7 days` or `enter every time`",
    "one": "`one journey per trigger.order_id`",
    "leave": "`leave on order_placed` or `leave on order_refunded where order_id is trigger.order_id`",
    "goal": "`goal order_placed within 14 days`",
    "send": "`send thanks`, `send thanks with total trigger.total` or `send thanks as second`",
    "wait": "`wait 2 days`, `wait 2 days at 10:00` or `wait for order_placed up to 7 days`",
    "wait for": "`wait for order_shipped up to 14 days` or "
    "`wait for order_shipped where order_id is trigger.order_id up to 14 days`",
    "on": "`on order_shipped` or `on timeout`, with steps indented below",
    "if": '`if any order_placed in last 30 days` or `if contact.city is "Riga"`',
    "else": "`else` or `else if any order_placed`, at the depth of its `if`",
    "split": "`split offer`, with arms indented below: `50% short`",
    "arm": "`45% short_text`",
    "finish": "`finish` or `finish as bought`",
    "field": '`total money`, `plan one of "free", "pro"`, `tags list of text`',
    "for": "`for marketing`, `for service` or `for service required by law`",
    "consent": '`consent "I want news and tips by e-mail."`',
    "at": "`at most 4 emails per month`",
    "subject": '`subject "Your order {trigger.order_id}"`',
    "from": '`from "Anna of Kafija <anna@kafija.example>"`',
    "reply": '`reply to "care@kafija.example"`',
    "condition": '`any order_placed in last 30 days` or `contact.city is "Riga"`',
}
"""A line of each kind as it should read, for findings."""
