"""What was found of splits that look for their best arm: told to whoever asks for a flow, or for a person."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from dsl.graph import Graph, Split
from engine.core.record import What
from engine.core.trial import ArmEvidence, Ruling, Trial, trial_of
from engine.insight.story import Line


def told(ruling: Ruling, clock: ZoneInfo, yes_or_no: bool = True) -> str:
    """A ruling in a sentence, with its moment on `clock`. Not `yes_or_no`: what counted were amounts."""
    since = _moment(ruling, clock)
    if ruling.best:
        said = f"`{ruling.best}` is the best arm of `{ruling.step}`, and everybody gets it since {since}: "
    else:
        said = f"The shares of `{ruling.step}` are {_shares(ruling)} since {since}: "
    return f"{said}{_rests_on(ruling, yes_or_no)}."


def told_of(flow: Graph, rulings: Iterable[Ruling], clock: ZoneInfo) -> list[str]:
    """What holds in the splits of a flow as it is now, a sentence for each that was ruled on; `rulings` are
    oldest first."""
    newest = {ruling.mark: ruling for ruling in rulings}
    return [
        told(newest[mark], clock, trial.yes_or_no) for mark, trial in _trials(flow).items() if mark in newest
    ]


def earlier_of(flow: Graph, rulings: Iterable[Ruling], clock: ZoneInfo) -> list[str]:
    """What held before that, the newest first, a sentence for each."""
    trials = _trials(flow)
    told_before: list[Ruling] = []
    newest: dict[str, Ruling] = {}
    for ruling in rulings:
        if ruling.mark in trials:
            if ruling.mark in newest:
                told_before.append(newest[ruling.mark])
            newest[ruling.mark] = ruling
    return [
        f"From {_moment(each, clock)} on the shares of `{each.step}` were {_shares(each)}: "
        f"{_rests_on(each, trials[each.mark].yes_or_no)}."
        for each in reversed(told_before)
    ]


def with_rulings(lines: Iterable[Line], flows: Mapping[str, Graph], rulings: Sequence[Ruling]) -> list[Line]:
    """A story whose arms that were drawn after a ruling tell what that one rests on; `rulings` are oldest
    first, `flows` are those that people enter."""
    trials = {(trial.flow, trial.step): trial for flow in flows.values() for trial in _trials(flow).values()}
    return [_with_ruling(line, trials.get((line.flow, line.step)), rulings) for line in lines]


def _with_ruling(line: Line, trial: Trial | None, rulings: Sequence[Ruling]) -> Line:
    if line.what != What.ARM or trial is None:
        return line
    in_force = [each for each in rulings if each.mark == trial.mark and each.at <= line.at]
    if not in_force:
        return line
    known = _rests_on(in_force[-1], trial.yes_or_no)
    return replace(line, text=f"{line.text} What was known by then: {known}.")


def _trials(flow: Graph) -> dict[str, Trial]:
    """The trials of a flow as it is now, by mark."""
    found = (trial_of(flow, node, "") for node in flow.nodes if isinstance(node, Split))
    return {trial.mark: trial for trial in found if trial is not None}


def _moment(ruling: Ruling, clock: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(ruling.at / 1000, clock):%Y-%m-%d %H:%M}"


def _shares(ruling: Ruling) -> str:
    return ", ".join(f"{share} % `{label}`" for label, share in ruling.weights.items())


def _rests_on(ruling: Ruling, yes_or_no: bool) -> str:
    return ", ".join(_mean(arm, yes_or_no) for arm in ruling.arms)


def _mean(arm: ArmEvidence, yes_or_no: bool) -> str:
    mean = f"{100 * arm.mean:.1f} %" if yes_or_no else f"{arm.mean:.2f} each"
    return f"`{arm.label}` {mean} of {arm.people:,} people"
