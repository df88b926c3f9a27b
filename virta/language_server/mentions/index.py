"""All mentions of a project, to be asked by place and by thing."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dsl.compile import Texts
from dsl.draft import Draft
from dsl.found.finding import Span
from dsl.nodes.flows import Flow, Segment, Topic
from dsl.nodes.scenarios import ScenarioNode
from dsl.nodes.schema import Contact, Coupon, Event, FieldNode, Webhook
from dsl.nodes.terms import TextValue
from virta.language_server.mentions.flows import in_flow
from virta.language_server.mentions.mention import Mention, Thing, mention
from virta.language_server.mentions.scenarios import in_scenario
from virta.language_server.mentions.templates import in_templates
from virta.language_server.mentions.terms import Place, in_expression


@dataclass(frozen=True)
class Index:
    """Every mention, in the order of declarations, then of templates."""

    mentions: tuple[Mention, ...]

    def at(self, file: str, line: int, column: int) -> tuple[Mention, ...]:
        """Those that stand at a place (or end there): several where one word names several things."""
        return tuple(
            each
            for each in self._by_line.get((file, line), ())
            if each.span.column <= column <= each.span.end_column
        )

    def of(self, thing: Thing) -> tuple[Mention, ...]:
        """All mentions of a thing."""
        return self._by_thing.get(thing, ())

    def things(self, kind: str) -> Iterator[Thing]:
        """All things of a kind."""
        return (thing for thing in self._by_thing if thing.kind == kind)

    def declared(self, thing: Thing) -> tuple[Span, ...]:
        """Where a thing is declared; nowhere if it comes with Virta or the shop."""
        return tuple(each.span for each in self.of(thing) if each.declares)

    @cached_property
    def _by_line(self) -> dict[tuple[str, int], list[Mention]]:
        found: dict[tuple[str, int], list[Mention]] = {}
        for each in self.mentions:
            found.setdefault((each.span.file, each.span.line), []).append(each)
        return found

    @cached_property
    def _by_thing(self) -> dict[Thing, tuple[Mention, ...]]:
        found: dict[Thing, dict[Mention, None]] = {}
        for each in self.mentions:
            found.setdefault(each.thing, {})[each] = None
        return {thing: tuple(mentions) for thing, mentions in found.items()}


def index_of(texts: Texts) -> Index:
    """The mentions in all texts of a project."""
    draft = texts.draft

    def line_of(text: TextValue) -> str:
        return texts.sources[text.span.file].lines[text.span.line - 1]

    found: list[Mention] = []
    for declaration in draft.declarations:
        match declaration:
            case Flow():
                found.extend(in_flow(declaration, draft, line_of))
            case ScenarioNode():
                found.extend(in_scenario(declaration, draft))
            case Topic(name=name):
                found.extend(mention("topic", name, declares=True))
            case Segment(name=name, test=test):
                found.extend(mention("segment", name, declares=True))
                found.extend(in_expression(test, Place(draft)))
            case Coupon(name=name):
                found.extend(mention("coupon", name, declares=True))
            case Webhook(name=name):
                found.extend(mention("webhook", name, declares=True))
            case Event(name=name, fields=fields):
                found.extend(mention("event", name, declares=True))
                found.extend(_fields(fields, "field", name.text))
            case Contact(fields=fields):
                found.extend(_fields(fields, "attribute", ""))
    found.extend(_template_files(draft))
    found.extend(in_templates(draft))
    return Index(tuple(found))


def _fields(fields: tuple[FieldNode, ...], kind: str, owner: str) -> Iterator[Mention]:
    for field in fields:
        yield from mention(kind, field.name, owner, declares=True)


def _template_files(draft: Draft) -> Iterator[Mention]:
    """Each file of a template declares it, from its beginning on."""
    for name in sorted(draft.templates.names):
        for file in draft.templates.variants(name):
            span = Span(f"templates/{file.path}", 1, 1, 1, 1)
            yield Mention(Thing("template", name), span, True)
