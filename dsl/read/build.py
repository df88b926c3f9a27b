"""From the parser's tree to nodes with places. Literals that mean nothing become findings and holes."""

from dsl.found.finding import Finding
from dsl.nodes import flows, schema
from dsl.read.build_heads import HeadBuilder
from dsl.read.build_scenarios import ScenarioBuilder
from dsl.read.build_steps import StepBuilder
from dsl.read.expressions import trees
from dsl.read.layout import Chunk
from dsl.read.tree import Tree


def build(tree: Tree, chunk: Chunk, currency: str, findings: list[Finding]) -> flows.Declaration | None:
    """The declaration that the tree of `start` holds; None: nothing of it could be read."""
    child = tree.children[0]
    assert isinstance(child, Tree)
    return _Builder(chunk, currency, findings).declaration(child)


class _Builder(HeadBuilder, StepBuilder):
    """Whole declarations; their parts come from the classes above."""

    def declaration(self, tree: Tree) -> flows.Declaration | None:
        span = self.line(tree)
        match tree.data:
            case "use":
                return schema.Use(self.name(tree), span)
            case "contact":
                return schema.Contact(self.fields(tree), span)
            case "event":
                return schema.Event(self.name(tree), self.fields(tree), span)
            case "topic":
                return self.topic(tree, span)
            case "segment":
                return flows.Segment(
                    self.name(tree), self.title(tree), self.expression(tree.children[-1]), span
                )
            case "coupon":
                return self.coupon(tree, span)
            case "webhook":
                return self.webhook(tree, span)
            case "limits":
                caps = tuple(self.cap(each) for each in trees(tree) if each.data == "cap")
                return schema.Limits(
                    caps, tuple(self.quiet(each) for each in trees(tree) if each.data == "quiet"), span
                )
            case "flow":
                lines = tuple(
                    self.head(each) or self.step(each) for each in trees(tree) if each.data != "name"
                )
                return flows.Flow(self.name(tree), self.title(tree), lines, span)
            case "scenario":
                return ScenarioBuilder(self.chunk, self.currency, self.findings).scenario(tree)
        return None
