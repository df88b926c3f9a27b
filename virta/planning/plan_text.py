"""A plan for people: what changes, line by line, and where everybody will stand."""

from collections.abc import Iterator, Mapping

from dsl.align import Change
from dsl.meaning.walk import looks_made
from virta.planning.plan import DeclaredPlan, Earlier, FlowPlan, Plan, StepPlan, Unrecorded
from virta.release.rewording import Rewording

_PAINT = {"+": "\x1b[32m", "-": "\x1b[31m", "~": "\x1b[33m", " ": "\x1b[2m"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_WORD = {"+": "is new", "-": "is no more", "~": "changes"}
_WIDEST = 56
_LONGEST = 76


def plan_text(plan: Plan, colour: bool = False) -> str:
    """The whole plan, which ends with a line that sums it up and one by which exactly this is applied."""
    if not plan.changed and not plan.backfills:
        return "Nothing changes.\n"
    return "\n".join([*_lines(plan, colour), _summary(plan), *_asked(plan)]) + "\n"


def _lines(plan: Plan, colour: bool) -> Iterator[str]:
    if plan.since == "nothing":
        yield "Nothing has run here yet, so all of it is new."
    for number, flow in enumerate(plan.flows):
        lines = list(_flow(flow, colour))
        yield from lines
        bare = len(lines) == 1 and number + 1 < len(plan.flows) and plan.flows[number + 1].sign == flow.sign
        yield from () if bare else [""]
    if plan.since == "nothing":
        return  # of a project that is new as a whole, the flows are enough
    for declared in plan.declared:
        yield from _declared(declared, colour)
    if plan.declared:
        yield ""


def _asked(plan: Plan) -> Iterator[str]:
    yield from (_unrecorded(each) for each in plan.unrecorded)
    for each in plan.backfills:
        yield f"Flow {each.flow} starts for the past: {_people(each.people)} at most."
    if plan.reach:
        yield f"{_people(plan.reach)} will newly get mails by it."
    for changed in plan.reworded:
        yield from _reworded(changed)
    if plan.since == "store":
        yield f"Exactly this: virta apply --plan {plan.digest}"


def _reworded(each: Rewording) -> Iterator[str]:
    """Old and new words side by side, how many agreed to the old ones, and what is said of the change."""
    agreed = "" if each.people is None else f"; {_people(each.people)} agreed to it as it was"
    yield f"What people agree to reads otherwise for {each.topic}{agreed}:"
    for words in each.words:
        name = f"{words.language:<3}" if words.language else "   "
        yield f"  {name} - {words.before}"
        yield f"      + {words.after}"
    if each.means is not None:
        yield f"  It is {each.means}, as virta.toml says: it means the same, and nobody is asked anew."
    else:
        yield (
            "  Whether it is editorial, so that it means the same, or material, so that they are asked anew: "
            "virta apply asks, or is told by --words."
        )


def _unrecorded(each: Unrecorded) -> str:
    back = "at all of the past" if each.length is None else f"{each.length} back"
    first = "is not recorded yet" if each.first is None else f"is recorded since {each.first} only"
    return f"{each.kind.title()} {each.name} looks {back} at {each.event}, which {first}."


def _flow(flow: FlowPlan, colour: bool) -> Iterator[str]:
    stand = "" if not flow.people else f", {_people(flow.people)} under way"
    if flow.sign == "-" and flow.people:
        stand = f", and {_people(flow.people)} under way {_go(flow.people)} on to its end"
    yield _title(flow.sign, f"flow {flow.flow} {_WORD[flow.sign]}{stand}", colour)
    for change in flow.head:
        yield from _change("  ", change, colour)
    kept = [step for step in flow.steps if step.sign != "-"]
    says = {step.new: step.changes[0].after if _new_words(step) else step.says for step in kept}
    for step in flow.steps:
        yield from _step(step, says, colour)
    if flow.reordered:
        yield _painted("~", f"  ~ other order: {', '.join(flow.reordered)}", colour)
    elif flow.rerouted:
        yield _painted("~", f"  ~ leads elsewhere: {', '.join(flow.rerouted)}", colour)
    for each in flow.earlier:
        yield f"    {_from_earlier(each)}"


def _new_words(step: StepPlan) -> bool:
    """Whether a step that stays says something else itself."""
    return bool(step.sign == "~" and step.changes and step.changes[0].what == "")


def _step(step: StepPlan, says: Mapping[str | None, str], colour: bool) -> Iterator[str]:
    stand = _standing(step, says)
    if step.sign == " ":
        if step.people:
            yield _painted(" ", _row("    ", _named(step), stand), colour)
        return
    if step.sign in "+-":
        yield _painted(step.sign, _row(f"  {step.sign} ", _named(step), stand), colour)
        return
    moved = f" moved to {step.new}" if step.how == "moved" else ""
    rest = [change for change in step.changes if not (moved and change.what == "name")]
    words = _named(step)
    if _new_words(step) and not moved and _fits(rest[0]):
        words = f"{rest[0].before} → {rest[0].after}"
        rest = rest[1:]
    yield _painted("~", _row("  ~ ", f"{words}{moved}", stand), colour)
    for change in rest:
        yield from _change("      ", change, colour)


def _named(step: StepPlan) -> str:
    name = step.new if step.sign == "+" else step.old
    return step.says if name and step.says.endswith(f" {name}") else f"{name}: {step.says}"


def _standing(step: StepPlan, says: Mapping[str | None, str]) -> str:
    if step.sign == "+":
        return ""
    if step.how == "end":
        where = "the end of the flow"
    elif step.how == "next":
        where = says[step.new] if step.new is not None and looks_made(step.new) else str(step.new)
    elif step.people:
        verb = _go if step.how == "moved" else _stay
        return f"{_people(step.people)} {verb(step.people)}"
    else:
        return ""
    if step.people is None:
        return f"who stands there goes on to {where}"
    return f"{_people(step.people)} {_go(step.people)} on to {where}" if step.people else ""


def _from_earlier(each: Earlier) -> str:
    where = each.new or "the end of the flow"
    return f"{_people(each.people)} at {each.step} of an earlier version: {where}"


def _declared(each: DeclaredPlan, colour: bool) -> Iterator[str]:
    name = f" {each.name}" if each.name else ""
    verb = "change" if each.kind == "limits" else _WORD[each.sign]
    yield _title(each.sign, f"{each.kind}{name} {verb}", colour)
    if each.kind != "template":  # of a template only the digest is known
        for change in each.changes:
            yield from _change("  ", change, colour)


def _change(margin: str, change: Change, colour: bool) -> Iterator[str]:
    sign = "~" if change.before and change.after else "+" if change.after else "-"
    what = "name " if change.what == "name" else ""
    if sign != "~":
        yield _painted(sign, f"{margin}{sign} {what}{change.after or change.before}", colour)
    elif _fits(change):
        yield _painted("~", f"{margin}~ {what}{change.before} → {change.after}", colour)
    else:
        yield _painted("-", f"{margin}- {what}{change.before}", colour)
        yield _painted("+", f"{margin}+ {what}{change.after}", colour)


def _fits(change: Change) -> bool:
    """Whether both versions stand in one line."""
    return len(change.before) + len(change.after) <= _LONGEST


def _title(sign: str, words: str, colour: bool) -> str:
    return f"{_PAINT[sign]}{sign}{_PLAIN} {_BOLD}{words}{_PLAIN}" if colour else f"{sign} {words}"


def _row(margin: str, words: str, stand: str) -> str:
    return f"{margin}{words:<{_WIDEST - len(margin)}}  {stand}".rstrip()


def _painted(sign: str, line: str, colour: bool) -> str:
    return f"{_PAINT[sign]}{line}{_PLAIN}" if colour else line


def _people(count: int | None) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _go(count: int) -> str:
    return "goes" if count == 1 else "go"


def _stay(count: int) -> str:
    return "stays" if count == 1 else "stay"


def _summary(plan: Plan) -> str:
    if not plan.changed:
        return "Nothing changes for those who are under way."
    if not plan.flows and not plan.declared:
        return "Nothing changes that anybody would notice."
    signs = [flow.sign for flow in plan.flows]
    steps = [step.sign for flow in plan.flows for step in flow.steps]
    parts = [f"Flows: {_counts(signs)}."]
    if any(sign in "+-~" for sign in steps):
        parts.append(f"Steps: {_counts(steps)}.")
    if plan.declared and plan.since != "nothing":
        parts.append(f"Beside them: {_counts([each.sign for each in plan.declared])}.")
    if plan.people is not None and plan.since != "nothing":
        going = _people(plan.people) if plan.people else "Nobody"
        parts.append(f"{going} will stand at another step than now.")
    return " ".join(parts)


def _counts(signs: list[str]) -> str:
    words = {"+": "new", "~": "changed", "-": "no more"}
    told = [f"{signs.count(sign)} {word}" for sign, word in words.items() if sign in signs]
    return ", ".join(told) or "none"
