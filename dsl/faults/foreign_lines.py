"""Lines of flows in the words of other tools."""

import re

from dsl.faults.foreign_numbers import Pattern, said
from dsl.read.signs import NAME

LINES: tuple[Pattern, ...] = tuple(
    ("E111", re.compile(pattern), said(instead, message))
    for pattern, instead, message in (
        (r"\bin +the +last\b", "in last", "`in the last` has a word too many."),
        (r"\bgreater +than\b|\bmore +than\b", ">", "A comparison is written with its sign."),
        (r"\bless +than\b", "<", "A comparison is written with its sign."),
        (r"\bwait +for +(\d+(?: +[a-z]+\b)?)", r"wait \1", "Only an event is waited `for`."),
        (
            rf"\bsend +(?:(?:an?|the) +)?(?:e?mail|message|letter|template) +(?!(?:with|as)\b)({NAME})",
            r"send \1",
            "Right behind `send` stands the name of the mail.",
        ),
        (
            rf"\bstart +(?:(?:on|in|for|with|from) +)?segment +({NAME})",
            r"start on joining segment \1",
            "A flow starts on joining a segment, or on leaving one.",
        ),
        (r"\bleave +if\b", "leave when", "A flow is left `when` something holds."),
        (r"\brepeat +(\d+)", r"repeat up to \1", "Rounds are counted up to a number."),
        (r"\bunsubscribe +(?!from\b)(?=\w)", "unsubscribe from ", "A word is missing."),
        (r"\badd +(?=\x00)", "add tag ", "A word is missing."),
        (r"\bremove +(?=\x00)", "remove tag ", "A word is missing."),
        (
            r"(?:(?<=email )|(?<=emails ))an? +(day|week|month)\b",
            r"per \1",
            "A limit is counted `per` something.",
        ),
        (r"\bquiet +from\b", "quiet", "`quiet from` has a word too many."),
        (r"\bvalid +for\b", "valid", "`valid for` has a word too many."),
        (r"(\d\d?:\d\d) *[-–] *(\d\d?:\d\d)", r"\1 to \2", "From one time `to` another."),
        (r"(?<![, ]) +else +wait\b", ", else wait", "A comma is missing."),
        (r"\belse +wait +(?!up\b)", "else wait up to ", "A wait is `up to` a time."),
        (r",? +or +wait\b( +up +to\b)?", ", else wait up to", "Say what `else` to do."),
        (r"\bstart +(?:daily|each +day)\b", "start every day", "What comes again comes `every` so often."),
        (
            r"\bstart +(?:weekly|(?:every|each) +week)( +on)?\b(?! +[a-z]+day)",
            "start every monday",
            "A week has seven days; say on which.",
        ),
        (
            r"\bstart +(?:weekly|every +week|each +week)? *(?:on|each) +([a-z]+day)s?( +at\b)?",
            r"start every \1\2",
            "What comes again comes `every` so often.",
        ),
        (r"\bstart +monthly\b", "start every month on day 1", "A month has many days; say on which."),
        (
            r"\bevery +month +on +(?:the +)?(\d\d?)(?:st|nd|rd|th|\.)?(?= |$)",
            r"every month on day \1",
            "The day of a month is told by its number.",
        ),
        (
            r"\bstart +at +(\d\d?:\d\d) +every +([a-z]+)\b",
            r"start every \2 at \1",
            "The day comes before the time.",
        ),
        (
            r"\bstart +(?:on|at) +(\d{4}-\d\d-\d\d)(?: +at)? +(\d\d?:\d\d)",
            r"start at \1 \2",
            "The moment of a start stands behind `at`.",
        ),
        (
            rf"\bstart +on +date +(\d+ +[a-z]+) +(before|after) +(contact\.{NAME})( +every +year\b)?",
            r"start on date \3\4 \1 \2",
            "The date comes before the time from it.",
        ),
        (
            r"\bstart +(?:manually|(?:by|via|through|on) +(?:the +)?(?:api|API|hand|demand))\b",
            "start by request",
            "What others ask for comes by request.",
        ),
        (
            r"\btime *zone +(?:of +the +|is +|of +)?contact(?:'s)?\b",
            "time zone of contact",
            "The clock is that `of` the contact.",
        ),
        (r"\b(?:hold +out|control +group|control)\b(?= +\d)", "holdout", "Who takes no step is held out."),
        (
            r"\bwait +(?:for|until) +(?:the +)?best +(?:time|hour|moment)\b",
            "wait for best time",
            "The best time is waited `for`.",
        ),
        (
            r"\b(?:(?:keep|pick|choose|select) +(?:the +)?)?(?:winner|best) +(?:by|on)\b",
            "keep winner by",
            "The winner is kept.",
        ),
        (r"\b(?:optimi[sz]e|learn|bandit|adapt) +(?:by|for|on|to)\b", "adapt by", "The shares adapt."),
        (
            r"\bafter +(\d+)(?: +(?:people|users|customers|subscribers|recipients|e?mails))",
            r"after \1 contacts",
            "People are called contacts.",
        ),
        (r"\bsecret +\x00+", "secret env CRM_SECRET", "The key itself does not stand here."),
        (
            r"\bsecret +(?!env )(?:key +|variable +|env\.)?(\w+)",
            r"secret env \1",
            "The key is named by its environment variable.",
        ),
        (
            r"\bcodes? +(?:(?:from|in|of) +)?(?:file +)?(?=\x00)",
            "codes from ",
            "Listed codes come `from` a file.",
        ),
        (
            r"\b(emails?) +(?:in|every|within|each) +(?=\d|day|week|month)",
            r"\1 per ",
            "A limit is counted `per` something.",
        ),
        (r"\bequals\b", "is", "`equals` is no word of this language."),
    )
)
"""What each looks like, what to write instead, and what is wrong with it."""
