"""`virta apply`: make what stands in the folder, or an earlier release, the one that runs."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from virta.terminal.asking import Unanswered, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent.contract import Meaning, Said
    from engine.store.releases import Release
    from engine.store.server import Place
    from virta.release.applying import Progress
    from virta.release.planning import Planned
    from virta.settings import Settings

_REFUSED = 3
_LONG = 1000  # so many people take long enough to be told how far it is
_STAGES = {
    "looking": "Looking at everybody by the new segments and dates",
    "taking over": "Taking people over",
    "starting": "Starting for the past",
}


def apply(
    folder: Path = Path("."),
    *,
    yes: bool = False,
    plan: str | None = None,
    release: int | None = None,
    reach: int | None = None,
    backfill: tuple[str, ...] | None = None,
    within: int = 0,
    words: Literal["editorial", "material"] | None = None,
    editorial: tuple[str, ...] | None = None,
    format: Literal["text", "json"] = "text",
) -> int:
    """Show the plan, ask, and make the flows in a folder those that run: at once where `virta serve` runs.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    yes
        Do not ask.
    plan
        Apply exactly the plan that was shown under this name, without asking; refuse any other.
    release
        Go back to the release of this number, and not to what stands in the folder.
    reach
        How many people are newly reached: it must be said where they are more than 10,000.
    backfill
        Start this flow for the past too: for those who are in its segment, or had its event. May repeat.
    within
        How many days of the past count for a flow that starts on an event.
    words
        Whether changed words that people agree to mean the same (editorial), or are to be agreed to anew
        (material). Where nobody can be asked it must be said, here or in virta.toml.
    editorial
        The new words of this topic mean the same as before. May repeat.
    format
        text for people, json for programs.
    """
    from virta.project.folder import load_project
    from virta.release.applying import Refused, check, check_words, said_before, serves, write
    from virta.release.content import content_of
    from virta.release.planning import content_of_release, plan_release
    from virta.settings import read_settings
    from virta.telling.live import store_of
    from virta.wiring import wall_clock

    now = wall_clock()
    if release is None:
        settings, compiled = load_project(folder)
        if compiled.program is None:
            _show_faults(compiled.findings, compiled.sources, format)
            return 1
        target = content_of(folder, settings, compiled)
    else:
        settings = read_settings(folder.resolve())
        target = content_of_release(folder, settings, release)
    planned = plan_release(folder, settings, target, now, backfill or (), within)
    said = said_before(planned, words, editorial or ())
    asks = not (yes or plan is not None or format == "json") and sys.stdin.isatty()
    if format == "text":
        _show(planned)
        if planned.plan.changed:
            _show_other_key(folder, settings, target.policy.attestation_key)
    if planned.running is None:
        return _told(format, planned, None, "The first start of `virta serve` makes it release 1.")
    if not (planned.plan.changed or planned.backfills):
        return _told(format, planned, None, "")
    try:
        if asks:
            reach = _number(planned) if reach is None else reach
        check(planned, plan, reach)
        if asks:
            said |= _asked_of_words(planned, said)
            if not _agreed():
                return _told(format, planned, None, "Nothing was applied.", _REFUSED)
        elif not (yes or plan is not None):
            raise Refused("Nobody is there to ask: say --yes, or --plan with the name of the plan above.")
        check_words(planned, said)
        database = store_of(folder, settings)
        taken_up = serves(folder / settings.stores.folder)
        made = write(database, planned, "apply" if release is None else "back", now, said)
    except Refused as refusal:
        return _told(format, planned, None, str(refusal), _REFUSED)
    except Unanswered:
        return _told(format, planned, None, "Nothing was applied.", _REFUSED)
    if not taken_up:
        return _told(
            format, planned, made, f"Release {made.number} runs from the next start of `virta serve` on."
        )
    told, code, runs = _followed(database, planned, made)
    return _told(format, planned, made, told, code, runs)


def _show_faults(findings: object, sources: object, format: str) -> None:
    from typing import Any, cast

    from dsl.found.report import as_json, as_text, summary

    if format == "json":
        print(as_json(cast(Any, findings)).decode())
    else:
        print(as_text(cast(Any, findings), cast(Any, sources)), file=sys.stderr)
        print(summary(cast(Any, findings)), file=sys.stderr)


def _show(planned: "Planned") -> None:
    from virta.planning.plan_text import plan_text
    from virta.terminal.colours import coloured

    print(plan_text(planned.plan, coloured(sys.stdout)), end="", flush=True)


def _show_other_key(folder: Path, settings: "Settings", key: str) -> None:
    from virta.release.attesting import attests_elsewhere

    if told := attests_elsewhere(folder, settings, key):
        print(told, flush=True)


def _number(planned: "Planned") -> int | None:
    """The number of people reached, typed by whoever sits there, where it must be."""
    from virta.release.applying import MANY

    if (planned.plan.reach or 0) <= MANY:
        return None
    typed = ask(f"This newly reaches {planned.plan.reach:,} people. Type their number to go on: ")
    digits = typed.replace(",", "").replace(" ", "")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _asked_of_words(planned: "Planned", known: "Mapping[str, Said]") -> "dict[str, Said]":
    """What whoever sits there says of words of which nothing was said."""
    from consent.contract import Said
    from virta.release.content import who

    found = {}
    for each in planned.plan.reworded:
        if each.topic not in known:
            answer = ask(f"Are the new words for {each.topic} editorial or [material]? ").lower()
            means: Meaning = "editorial" if answer == "editorial" else "material"
            found[each.topic] = Said(means, who(), "terminal")
    return found


def _agreed() -> bool:
    return ask("Apply this? yes or no: ").lower() in ("yes", "y")


def _followed(database: "Place", planned: "Planned", made: "Release") -> tuple[str, int, bool]:
    """Look on as the engine takes the release up; what is to be said of it, the exit code, and whether it
    runs."""
    from engine.store.database import StoreFault
    from virta.release.applying import follow
    from virta.settings import BrokenProject
    from virta.terminal.progress import Bar

    assert planned.running is not None
    journeys = planned.running.standing.total()
    bars: dict[str, Bar] = {}

    def seen(so_far: "Progress") -> None:
        title = _STAGES.get(so_far.stage)
        if title in bars:
            bars[title].at(so_far.share, so_far.people)
        elif title is not None and so_far.people >= _LONG * so_far.share > 0:
            opened.close()
            bars[title] = opened.enter_context(
                Bar(title, 1.0, "people", before=(so_far.share, so_far.people))
            )

    try:
        with ExitStack() as opened:
            last = follow(database, made, journeys, seen)
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    except KeyboardInterrupt:
        return f"Release {made.number} is written down. Virta goes on with it without you.", 0, False
    return _ended(last, made.number, planned.running.release.number), 0 if last.done else 1, last.done


def _ended(last: "Progress", number: int, before: int) -> str:
    """What was seen last of a release of that `number`, in words; `before` is the one before it."""
    if last.done:
        return f"Release {number} runs."
    if last.refused:
        return (
            f"Release {number} is written down, but cannot run where Virta runs: {last.refused} "
            f"Release {before} goes on until Virta is started anew."
        )
    if last.stage == "waiting":
        return (
            f"Release {number} is written down, and Virta has not taken it up yet. Its log says why; "
            "its next start goes on with it."
        )
    return (
        f"Release {number} runs, but Virta has come no further with bringing it to everybody for a while. "
        "Its log says why; it goes on by itself."
    )


def _told(
    format: str,
    planned: "Planned",
    made: "Release | None",
    words: str,
    code: int = 0,
    runs: bool = False,
) -> int:
    """Say how it ended, whether the release that was made `runs`, and with which exit code."""
    import msgspec

    if format == "json":
        told = {
            "applied": made is not None,
            "release": made.number if made is not None else planned.plan.release,
            "runs": made is not None and runs,
            "refused": words if code and made is None else None,
            "told": words,
            "plan": planned.plan,
        }
        print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    elif words:
        print(words, file=sys.stderr if code else sys.stdout)
    return code
