"""From the parser's tree to nodes with places. Literals that mean nothing become findings and holes."""

from dsl import nodes, schema_nodes
from dsl.build_heads import HeadBuilder
from dsl.build_steps import StepBuilder
from dsl.expressions import trees
from dsl.finding import Finding
from dsl.layout import Chunk
from dsl.scenarios.build import ScenarioBuilder
from dsl.tree import Tree


def build(tree: Tree, chunk: Chunk, currency: str, findings: list[Finding]) -> nodes.Declaration | None:
    """The declaration that the tree of `start` holds; None: nothing of it could be read."""
    child = tree.children[0]
    assert isinstance(child, Tree)
    return _Builder(chunk, currency, findings).declaration(child)


class _Builder(HeadBuilder, StepBuilder):
    """Whole declarations; their parts come from the classes above."""

    def declaration(self, tree: Tree) -> nodes.Declaration | None:
        span = self.line(tree)
        match tree.data:
            case "use":
                return schema_nodes.Use(self.name(tree), span)
            case "contact":
                return schema_nodes.Contact(self.fields(tree), span)
            case "event":
                return schema_nodes.Event(self.name(tree), self.fields(tree), span)
            case "topic":
                return self.topic(tree, span)
            case "segment":
                return nodes.Segment(
                    self.name(tree), self.title(tree), self.expression(tree.children[-1]), span
                )
            case "coupon":
                return self.coupon(tree, span)
            case "webhook":
                return self.webhook(tree, span)
            case "limits":
                caps = tuple(self.cap(each) for each in trees(tree) if each.data == "cap")
                return schema_nodes.Limits(
                    caps, tuple(self.quiet(each) for each in trees(tree) if each.data == "quiet"), span
                )
            case "flow":
                lines = tuple(
                    self.head(each) or self.step(each) for each in trees(tree) if each.data != "name"
                )
                return nodes.Flow(self.name(tree), self.title(tree), lines, span)
            case "scenario":
                return ScenarioBuilder(self.chunk, self.currency, self.findings).scenario(tree)
        return None
