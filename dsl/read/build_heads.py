"""From the parser's tree to the nodes of a flow's header lines."""

from decimal import Decimal

from dsl.found.finding import Span
from dsl.nodes import heads, terms
from dsl.nodes.heads import Head
from dsl.read import literals
from dsl.read.build_declared import DeclaredBuilder
from dsl.read.expressions import token, tokens, trees
from dsl.read.tree import Tree


class HeadBuilder(DeclaredBuilder):
    """The lines above the first step."""

    def head(self, tree: Tree) -> Head | None:
        """The header line that a tree is; None: it is a step."""
        span = self.line(tree)
        match tree.data:
            case "flow_topic":
                return heads.FlowTopic(self.name(tree), span)
            case "start_on_event":
                return heads.StartOnEvent(self.word(token(tree, "NAME")), self.filter(tree), span)
            case "start_on_segment":
                joining = token(tree, "SEGMENT_CHANGE").text.startswith("joining")
                return heads.StartOnSegment(self.name(tree), joining, span)
            case "start_on_date":
                return self.start_on_date(tree, span)
            case "start_every" | "start_at" | "start_by_request":
                return self.planned_start(tree, span)
            case "time_zone":
                zones = tokens(tree, "STRING")
                return heads.TimeZone(self.text(zones[0]) if zones else None, span)
            case "holdout":
                percent = self.judged(token(tree, "PERCENT"), literals.percent)
                return heads.Holdout(Decimal(10) if percent is None else percent, span)
            case "moved":
                old, new = (self.word(each) for each in tokens(tree, "NAME"))
                return heads.Moved(old, new, span)
            case "leave_when":
                return heads.LeaveWhen(self.expression(tree.children[0]), span)
            case "priority":
                number = self.judged(token(tree, "NUMBER"), literals.number)
                return heads.Priority(Decimal(5) if number is None else number, span)
            case "cap":
                return self.cap(tree)
            case "quiet":
                return self.quiet(tree)
            case "enter_once":
                return heads.Enter("once", None, span)
            case "enter_again":
                return heads.Enter("again", self.duration(tree), span)
            case "enter_every_time":
                return heads.Enter("every_time", None, span)
            case "journey_per":
                return heads.JourneyPer(self.path(trees(tree)[0]), span)
            case "leave_on":
                return heads.LeaveOn(self.word(token(tree, "NAME")), self.filter(tree), span)
            case "goal":
                within = self.duration(tree) if tokens(tree, "DURATION") else None
                return heads.GoalLine(self.word(token(tree, "NAME")), self.filter(tree), within, span)
        return None

    def start_on_date(self, tree: Tree, span: Span) -> heads.StartOnDate:
        sides = tokens(tree, "SIDE")
        return heads.StartOnDate(
            self.expression(tree.children[0]),
            bool(tokens(tree, "EVERY_YEAR")),
            self.duration(tree) if sides else None,
            bool(sides) and sides[0].text == "before",
            self.time(tree),
            span,
        )

    def filter(self, tree: Tree) -> terms.Expression | None:
        found = [each for each in trees(tree) if each.data == "filter"]
        return self.expression(found[0].children[0]) if found else None

    def planned_start(self, tree: Tree, span: Span) -> heads.Start:
        """A start that no person brings about."""
        if tree.data == "start_by_request":
            return heads.StartByRequest(span)
        segment = next((self.name_of(each) for each in trees(tree) if each.data == "name"), None)
        if tree.data == "start_at":
            return heads.StartAt(self.judged(token(tree, "MOMENT"), literals.moment), segment, span)
        numbers = [self.judged(each, literals.number) for each in tokens(tree, "NUMBER")]
        return heads.StartEvery(
            self.word(token(tree, "NAME")), (numbers or [None])[0], self.time(tree), segment, span
        )
