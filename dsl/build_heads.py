"""From the parser's tree to the nodes of a flow's header lines."""

from decimal import Decimal

from dsl import head_nodes, literals, terms
from dsl.build_declared import DeclaredBuilder
from dsl.expressions import token, tokens, trees
from dsl.finding import Span
from dsl.head_nodes import Head
from dsl.tree import Tree


class HeadBuilder(DeclaredBuilder):
    """The lines above the first step."""

    def head(self, tree: Tree) -> Head | None:
        """The header line that a tree is; None: it is a step."""
        span = self.line(tree)
        match tree.data:
            case "flow_topic":
                return head_nodes.FlowTopic(self.name(tree), span)
            case "start_on_event":
                return head_nodes.StartOnEvent(self.word(token(tree, "NAME")), self.filter(tree), span)
            case "start_on_segment":
                joining = token(tree, "SEGMENT_CHANGE").startswith("joining")
                return head_nodes.StartOnSegment(self.name(tree), joining, span)
            case "start_on_date":
                return self.start_on_date(tree, span)
            case "start_every" | "start_at" | "start_by_request":
                return self.planned_start(tree, span)
            case "time_zone":
                zones = tokens(tree, "STRING")
                return head_nodes.TimeZone(self.text(zones[0]) if zones else None, span)
            case "holdout":
                percent = self.judged(token(tree, "PERCENT"), literals.percent)
                return head_nodes.Holdout(Decimal(10) if percent is None else percent, span)
            case "moved":
                old, new = (self.word(each) for each in tokens(tree, "NAME"))
                return head_nodes.Moved(old, new, span)
            case "leave_when":
                return head_nodes.LeaveWhen(self.expression(tree.children[0]), span)
            case "priority":
                number = self.judged(token(tree, "NUMBER"), literals.number)
                return head_nodes.Priority(Decimal(5) if number is None else number, span)
            case "cap":
                return self.cap(tree)
            case "quiet":
                return self.quiet(tree)
            case "enter_once":
                return head_nodes.Enter("once", None, span)
            case "enter_again":
                return head_nodes.Enter("again", self.duration(tree), span)
            case "enter_every_time":
                return head_nodes.Enter("every_time", None, span)
            case "journey_per":
                return head_nodes.JourneyPer(self.path(trees(tree)[0]), span)
            case "leave_on":
                return head_nodes.LeaveOn(self.word(token(tree, "NAME")), self.filter(tree), span)
            case "goal":
                within = self.duration(tree) if tokens(tree, "DURATION") else None
                return head_nodes.GoalLine(self.word(token(tree, "NAME")), self.filter(tree), within, span)
        return None

    def start_on_date(self, tree: Tree, span: Span) -> head_nodes.StartOnDate:
        sides = tokens(tree, "SIDE")
        return head_nodes.StartOnDate(
            self.expression(tree.children[0]),
            bool(tokens(tree, "EVERY_YEAR")),
            self.duration(tree) if sides else None,
            bool(sides) and sides[0] == "before",
            self.time(tree),
            span,
        )

    def filter(self, tree: Tree) -> terms.Expression | None:
        found = [each for each in trees(tree) if each.data == "filter"]
        return self.expression(found[0].children[0]) if found else None

    def planned_start(self, tree: Tree, span: Span) -> head_nodes.Start:
        """A start that no person brings about."""
        if tree.data == "start_by_request":
            return head_nodes.StartByRequest(span)
        segment = next((self.name_of(each) for each in trees(tree) if each.data == "name"), None)
        if tree.data == "start_at":
            return head_nodes.StartAt(self.judged(token(tree, "MOMENT"), literals.moment), segment, span)
        numbers = [self.judged(each, literals.number) for each in tokens(tree, "NUMBER")]
        return head_nodes.StartEvery(
            self.word(token(tree, "NAME")), (numbers or [None])[0], self.time(tree), segment, span
        )
