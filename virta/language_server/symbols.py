"""The outline of a file: its declarations, and the named steps, arms and fields in them."""

from lsprotocol.types import DocumentSymbol, Range, SymbolKind

from virta.language_server.mentions import Mention
from virta.language_server.outline import Block, blocks_of
from virta.language_server.snapshot import Snapshot

_KINDS = {
    "use": SymbolKind.Module,
    "contact": SymbolKind.Struct,
    "event": SymbolKind.Event,
    "topic": SymbolKind.Interface,
    "segment": SymbolKind.Array,
    "coupon": SymbolKind.Constant,
    "webhook": SymbolKind.Object,
    "limits": SymbolKind.Namespace,
    "flow": SymbolKind.Class,
    "scenario": SymbolKind.Method,
}
_INNER = {
    "step": SymbolKind.Function,
    "arm": SymbolKind.EnumMember,
    "label": SymbolKind.Key,
    "field": SymbolKind.Field,
    "attribute": SymbolKind.Field,
}


def symbols(snapshot: Snapshot, file: str) -> list[DocumentSymbol]:
    """The declarations of a `.flow` file with what they name, in written order."""
    source = snapshot.texts.sources.get(file)
    if source is None:
        return []
    named: dict[int, Mention] = {}
    for each in snapshot.index.mentions:
        if each.span.file == file and each.declares and each.thing.kind in _INNER:
            named.setdefault(each.span.line, each)
    found: list[DocumentSymbol] = []
    above: list[tuple[int, list[DocumentSymbol]]] = []
    for block in blocks_of(source):
        while above and above[-1][0] >= block.depth:
            above.pop()
        symbol = _declaration(block) if not block.depth else _named(block, named.get(block.first))
        if symbol is None:
            continue
        text = snapshot.text(file)
        end = text.position(block.last, len(source.lines[block.last - 1]) + 1)
        start = text.position(block.first, 1)
        line_end = text.position(block.first, len(source.lines[block.first - 1]) + 1)
        name, detail, kind = symbol
        children: list[DocumentSymbol] = []
        made = DocumentSymbol(
            name, kind, Range(start, end), Range(start, line_end), detail, children=children
        )
        (above[-1][1] if above else found).append(made)
        above.append((block.depth, children))
    return found


def _declaration(block: Block) -> tuple[str, str, SymbolKind] | None:
    word, _, rest = block.words.partition(" ")
    kind = _KINDS.get(word)
    if kind is None:
        return None
    name, _, title = rest.strip().partition(" ") if word != "scenario" else (rest.strip(' "'), "", "")
    return name or word, title.strip(' "') or word, kind


def _named(block: Block, mention: Mention | None) -> tuple[str, str, SymbolKind] | None:
    if mention is None:
        return None
    return mention.thing.name, block.words, _INNER[mention.thing.kind]
