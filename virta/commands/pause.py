"""`virta pause`, `virta resume` and `virta halt`: what of the mails leaves, and when."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.delivery.late import LatePolicy
from engine.delivery.orders import Halt, Pause, Resume
from engine.insight.held_back import Waiting
from virta.database_url import engine_place
from virta.operating.ordering import folder_of, give, look
from virta.operating.telling import Output, tell
from virta.settings import read_settings

_Flow = Annotated[str, Parameter(help="The flow; without one, all of them.")]
_Folder = Annotated[Path, Parameter(help="The project's folder.")]
_Format = Annotated[Output, Parameter(name="--format", help="How to print.")]


def pause(
    flow: _Flow = "",
    folder: _Folder = Path(),
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="", help="Hold service mails back too.")] = False,
    output: _Format = "text",
) -> int:
    """Let no marketing mail leave, of one flow or of all, until `virta resume`. People go on entering, and
    waits go on; a journey that comes to a mail stands there."""
    flow, folder = folder_of(flow, folder)
    store = engine_place(folder, read_settings(folder.resolve()))
    waiting = look(store, flow).of(flow)
    which = f"of {flow} " if flow else ""
    what = f"Paused: no mail {which}leaves" if all_ else f"Paused: no marketing mail {which}leaves"
    aside = [] if all_ else ["Service mails go on; `--all` holds them back too."]
    return tell(give(store, Pause(flow, all_)), waiting, output, [f"{what}. {_waits(waiting)}", *aside])


def resume(
    flow: _Flow = "",
    folder: _Folder = Path(),
    *,
    late: Annotated[
        LatePolicy | None,
        Parameter(
            help="What becomes of mails that are over twelve hours late; as virta.toml says, if absent."
        ),
    ] = None,
    output: _Format = "text",
) -> int:
    """Let mails leave again: of one flow, or all that a pause of everything or a halt holds back. The consent
    service decides on each mail that waited as it does on any other."""
    flow, folder = folder_of(flow, folder)
    settings = read_settings(folder.resolve())
    store, order = engine_place(folder, settings), Resume(flow, late)
    before, after = look(store, flow).orders, look(store, flow, order)
    waiting, policy = after.of(flow), late or settings.delivery.late
    held = flow in before.paused or (not flow and before.halted is not None)
    lines = [f"Resumed{f': {flow}' if flow else ''}. {_waits(waiting)}"]
    if not held:
        lines = [f"{f'`{flow}`' if flow else 'Nothing'} was {'not ' if flow else ''}paused."]
    elif waiting.late and policy == "skip":
        lines.append(f"{waiting.late:,} of them are over twelve hours late and are skipped.")
    elif waiting.late:
        pace = f"{settings.delivery.late_per_hour:g}"
        lines.append(f"{waiting.late:,} of them are over twelve hours late and go {pace} an hour.")
    for name in sorted(after.orders.paused):
        lines.append(
            f"{f'`{name}`' if name else 'All marketing'} is still paused: virta resume {name}".rstrip()
        )
    if flow and after.orders.halted is not None:
        lines.append("Everything is still halted: virta resume")
    return tell(give(store, order), waiting, output, lines)


def halt(folder: _Folder = Path(), *, output: _Format = "text") -> int:
    """Let nothing leave any more, at once: no mail of any kind, confirmations of sign-ups among them, until
    `virta resume`. What the mail server has begun to take cannot be called back; it is counted."""
    store = engine_place(folder, read_settings(folder.resolve()))
    waiting = look(store).of("")
    return tell(give(store, Halt()), waiting, output, [f"Halted: nothing leaves. {_waits(waiting)}"])


def _waits(waiting: Waiting) -> str:
    mails = waiting.marketing + waiting.service
    people = "1 journey is" if waiting.people == 1 else f"{waiting.people:,} journeys are"
    return f"{people} under way, {'1 mail waits' if mails == 1 else f'{mails:,} mails wait'}."
