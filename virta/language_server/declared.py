"""What an editor shows of a named thing: how it is declared, as Markdown."""

from collections.abc import Iterator

from dsl.bounds import of_flow, sentence
from dsl.found.finding import Span
from dsl.graph import EventType, FieldType
from dsl.meaning.names import CONTACT_ALWAYS
from dsl.meaning.shop import SHOP
from virta.language_server.mentions import Thing
from virta.language_server.outline import Block, blocks_of
from virta.language_server.snapshot import Snapshot

_WHOLE = ("topic", "segment", "coupon", "webhook")
_LONGEST = 12
"""Lines of a declaration that are shown."""


def shown(thing: Thing, snapshot: Snapshot) -> str:
    """The declaration of a thing; empty if nothing is known of it."""
    match thing.kind:
        case "event":
            event = snapshot.draft.names.events.get(thing.name)
            return _event(event, snapshot) if event else ""
        case "field":
            return _field(thing, snapshot)
        case "attribute":
            declared = snapshot.draft.names.attribute(thing.name)
            more = "\n\nEvery contact has it." if thing.name in CONTACT_ALWAYS else ""
            return _code(f"contact.{thing.name}   {type_words(declared)}") + more if declared else ""
        case "flow":
            return _flow(thing, snapshot)
        case "template":
            return _template(thing.name, snapshot)
        case "step":
            return "\n\n".join(_step(span, thing, snapshot) for span in snapshot.index.declared(thing)[:1])
        case kind if kind in _WHOLE:
            return "\n\n".join(_code(_block(span, snapshot)) for span in snapshot.index.declared(thing)[:1])
    spans = snapshot.index.declared(thing)
    return _code(_line(spans[0], snapshot)) if spans else ""


def type_words(declared: FieldType) -> str:
    """A type as it is declared."""
    if declared.kind == "choice":
        return "one of " + ", ".join(f'"{each}"' for each in declared.choices)
    if declared.kind == "list" and declared.item and declared.item.kind != "record":
        return f"list of {type_words(declared.item)}"
    if declared.kind == "list" and declared.item:
        return f"list of {', '.join(name for name, _ in declared.item.fields)}"
    return declared.kind


def _event(event: EventType, snapshot: Snapshot) -> str:
    width = max((len(name) for name, _ in event.fields), default=0)
    rows = [f"    {name:<{width}}   {type_words(each)}" for name, each in event.fields]
    source = ""
    if event.built_in:
        source = "\n\nAn event of Virta's own."
    elif any(event.name == each.name for each in SHOP):
        source = "\n\n`use shop` brings it."
    return _code("\n".join([f"event {event.name}", *rows])) + source


def _field(thing: Thing, snapshot: Snapshot) -> str:
    event = snapshot.draft.names.events.get(thing.owner)
    declared = dict(event.fields).get(thing.name) if event else None
    if thing.name == "at":
        return f"The moment of `{thing.owner}`."
    return _code(f"{thing.owner}.{thing.name}   {type_words(declared)}") if declared else ""


def _flow(thing: Thing, snapshot: Snapshot) -> str:
    program = snapshot.compiled.program
    told = [
        sentence(of_flow(graph, program)).capitalize() + "."
        for graph in (program.flows if program else ())
        if program and graph.flow == thing.name
    ]
    flow = snapshot.draft.names.flows.get(thing.name)
    if flow is None:
        return ""
    lines = [_line(flow.span, snapshot), *(f"    {_line(head.span, snapshot)}" for head in flow.heads)]
    return "\n\n".join([_code("\n".join(lines)), *told])


def _template(name: str, snapshot: Snapshot) -> str:
    files = snapshot.draft.templates.variants(name)
    rows = [f"- `{each.path}`: {each.header.get('subject', '')}" for each in files]
    return "\n".join([f"The mail `{name}`", "", *rows]) if files else ""


def _step(span: Span, thing: Thing, snapshot: Snapshot) -> str:
    """The step's line between those before and behind it."""
    blocks = list(_blocks(span, snapshot))
    at = next((place for place, each in enumerate(blocks) if each.first == span.line), 0)
    depth = min(each.depth for each in blocks[max(at - 1, 0) : at + 2])
    lines = [
        "    " * (each.depth - depth) + each.words + ("   # here" if each is blocks[at] else "")
        for each in blocks[max(at - 1, 0) : at + 2]
    ]
    return f"In the flow `{thing.owner}`:\n\n{_code(chr(10).join(lines))}"


def _blocks(span: Span, snapshot: Snapshot) -> Iterator[Block]:
    return blocks_of(snapshot.texts.sources[span.file])


def _block(span: Span, snapshot: Snapshot) -> str:
    """The lines of a declaration, as they are written."""
    lines = snapshot.texts.sources[span.file].lines
    block = next(each for each in _blocks(span, snapshot) if not each.depth and each.last >= span.line)
    chosen = list(lines[block.first - 1 : block.last])
    return "\n".join(chosen[:_LONGEST] + (["    …"] if len(chosen) > _LONGEST else []))


def _line(span: Span, snapshot: Snapshot) -> str:
    return snapshot.texts.sources[span.file].lines[span.line - 1].strip()


def _code(text: str) -> str:
    return f"```virta\n{text}\n```"
