"""The words of the language: which are taken, which are not built yet, and how each line reads.

The one place to change when a construct is added.
"""

DECLARATIONS = (
    "use",
    "contact",
    "event",
    "topic",
    "segment",
    "coupon",
    "webhook",
    "limits",
    "flow",
    "scenario",
)
HEADS = (
    *("topic", "start", "enter", "one", "leave", "goal", "quiet", "at", "priority"),
    *("time", "holdout", "moved"),
)
STEPS = (
    *("send", "wait", "if", "else", "split", "repeat", "until", "finish"),
    *("set", "add", "remove", "unsubscribe", "tell", "emit", "call", "start"),
)
SCENARIO_HEADS = ("flow", "contact", "choose")
ACTS = ("opens", "clicks", "withdraws", "set", "start")
SCENES = (*SCENARIO_HEADS, "at", "after", "expect", *ACTS)

CONDITION_WORDS = frozenset(
    "and or not is between contains any no yes first last known unknown now today since opened clicked sent "
    "tagged predicted where with contact trigger received".split()
)
"""No field, attribute or declared name may be one of these."""

DECLARED_WORDS = CONDITION_WORDS | {
    *"in starts ends count sum average largest smallest agreed within as on up to date".split(),
    *DECLARATIONS,
    *HEADS,
    *STEPS,
    *SCENES,
}
"""No declared name (of a topic, event, segment, flow) may be one of these."""

SYNONYMS = {
    **dict.fromkeys(("elif", "elsif", "elseif"), "else if"),
    **dict.fromkeys(("end", "stop", "exit", "quit", "done"), "finish"),
    **dict.fromkeys(("mail", "email"), "send"),
    **dict.fromkeys(("sleep", "pause", "delay"), "wait"),
    **dict.fromkeys(("when", "begin", "trigger"), "start"),
    **dict.fromkeys(("max", "maximum", "limit"), "at most"),
    **dict.fromkeys(("silent", "silence", "no", "night"), "quiet"),
    **dict.fromkeys(("loop", "again"), "repeat"),
    **dict.fromkeys(("tag", "label"), "add tag"),
    **dict.fromkeys(("untag", "delete"), "remove tag"),
    **dict.fromkeys(("notify", "alert", "inform"), "tell"),
    **dict.fromkeys(("withdraw", "optout"), "unsubscribe"),
    **dict.fromkeys(("timezone", "tz", "clock"), "time zone"),
    **dict.fromkeys(("move", "rename", "renamed", "migrate"), "moved"),
    **dict.fromkeys(("holdback",), "holdout"),
    **dict.fromkeys(("fire", "raise", "publish", "track", "signal"), "emit"),
    **dict.fromkeys(("webhook", "hook", "post", "http", "request"), "call"),
    **dict.fromkeys(("run", "enroll", "enrol", "enter_flow", "launch"), "start flow"),
    "otherwise": "else",
}
"""Words that other tools have for the lines of a flow or of the limits."""

FIELD_TYPES = ("text", "number", "money", "flag", "date", "moment", "url")

EXAMPLES: dict[str, str] = {
    "use": "`use shop`",
    "contact": "`contact`, with one indented line for each attribute: `first_name text`",
    "event": "`event order_placed`, with one indented line for each field: `total money`",
    "topic": '`topic newsletter "News and tips"`, with the indented lines `for marketing` and `consent "…"`',
    "segment": '`segment vip "Best customers"`, with one condition indented below',
    "coupon": '`coupon comeback "15% after a long break"`, with the indented lines `15% off` and '
    '`code "BACK-{random 8}"`',
    "limits": "`limits`, with indented lines such as `at most 1 email per day` and `quiet 21:00 to 08:00`",
    "coupon line": '`15% off`, `5 EUR off`, `free shipping`, `valid 7 days`, `code "BACK-{random 8}"` or '
    '`codes from "codes.csv"`',
    "codes": '`codes from "codes.csv"`',
    "webhook line": '`url "https://crm.example/hook"` or `secret env CRM_SECRET`',
    "url": '`url "https://crm.example/hook"`',
    "secret": "`secret env CRM_SECRET`",
    "code": '`code "BACK-{random 8}"`',
    "quiet": "`quiet 21:00 to 08:00`",
    "priority": "`priority 1`",
    "time": '`time zone of contact` or `time zone "Europe/Riga"`',
    "holdout": "`holdout 10%`",
    "moved": "`moved reminder to first_reminder`",
    "flow": '`flow welcome "Welcome"`, with header lines and steps indented below',
    "webhook": '`webhook crm`, with the indented lines `url "https://crm.example/hook"` and '
    "`secret env CRM_SECRET`",
    "scenario": '`scenario "a buyer leaves the cart flow"`, with its lines indented below',
    "flow topic": "`topic newsletter`",
    "start": "`start on order_placed where total > 50 EUR`, `start on joining segment vip`, "
    "`start on date contact.birthday every year at 09:00`, `start every monday at 09:00 for segment vip`, "
    "`start at 2026-12-01 10:00 for segment vip` or `start by request`",
    "start every": "`start every monday at 09:00 for segment vip`, "
    "`start every day at 09:00 for segment vip` or `start every month on day 1 at 09:00 for segment vip`",
    "start at": "`start at 2026-12-01 10:00 for segment vip`",
    "start flow": "`start flow win_back`",
    "enter": "`enter once`, `enter again after 7 days` or `enter every time`",
    "one": "`one journey per trigger.order_id`",
    "leave": "`leave on order_placed` or `leave on order_refunded where order_id is trigger.order_id` "
    "or `leave when in segment vip`",
    "goal": "`goal order_placed within 14 days`",
    "send": "`send thanks`, `send thanks with total trigger.total`, `send thanks with code coupon ten` or "
    "`send thanks as second`",
    "wait": "`wait 2 days`, `wait 2 days at 10:00` or `wait for order_placed up to 7 days`",
    "wait for": "`wait for order_shipped up to 14 days` or "
    "`wait for order_shipped where order_id is trigger.order_id up to 14 days`",
    "wait for best time": "`wait for best time up to 1 day`",
    "wait until": "`wait until 10:00`, `wait until monday at 10:00`, `wait until contact.renewal at 09:00` "
    "or `wait until any order_placed up to 7 days`",
    "on": "`on order_shipped` or `on timeout`, with steps indented below",
    "if": '`if any order_placed in last 30 days` or `if contact.city is "Riga"`',
    "else": "`else` or `else if any order_placed`, at the depth of its `if`",
    "split": "`split offer`, with arms indented below: `50% short`",
    "arm": "`45% short_text`",
    "keep": "`keep winner by clicks after 1000 contacts`, as the last line of a split",
    "adapt": "`adapt by clicks`, as the last line of a split",
    "repeat": "`repeat up to 3 times`, steps indented below; the last line may be `until any order_placed`",
    "until": "`until any order_placed since entry`, as the last line below `repeat`",
    "set": '`set contact.city to "Riga"` or `set contact.city to unknown`',
    "add": '`add tag "tea"`',
    "remove": '`remove tag "tea"`',
    "unsubscribe": "`unsubscribe from news`",
    "tell": '`tell "care@kafija.example" "Order {trigger.order_id} is late"`',
    "emit": "`emit points_given` or `emit points_given with points 10`",
    "call": "`call crm` or `call crm with city contact.city`",
    "finish": "`finish` or `finish as bought`",
    "field": '`total money`, `plan one of "free", "pro"`, `tags list of text`',
    "for": "`for marketing`, `for service` or `for service required by law`",
    "consent": '`consent "I want news and tips by e-mail."`',
    "at": "`at most 4 emails per month` or `at most 1 email per day, else wait up to 2 days`",
    "subject": '`subject "Your order {trigger.order_id}"`',
    "from": '`from "Anna of Kafija <anna@kafija.example>"`',
    "reply": '`reply to "care@kafija.example"`',
    "condition": '`any order_placed in last 30 days` or `contact.city is "Riga"`',
}
"""A line of each kind as it should read, for findings."""
