"""From the parser's tree to nodes with places. Literals that mean nothing become findings and holes."""

from decimal import Decimal

from lark.tree import Tree

from dsl import literals, nodes, terms
from dsl.expressions import Branch, ExpressionBuilder, token, tokens, trees
from dsl.finding import Finding, Span
from dsl.graph import Duration
from dsl.layout import Chunk


def build(tree: Branch, chunk: Chunk, currency: str, findings: list[Finding]) -> nodes.Declaration | None:
    """The declaration that the tree of `start` holds; None: nothing of it could be read."""
    child = tree.children[0]
    assert isinstance(child, Tree)
    return _Builder(chunk, currency, findings).declaration(child)


class _Builder(ExpressionBuilder):
    """Declarations and steps; expressions come from the class above."""

    def declaration(self, tree: Branch) -> nodes.Declaration | None:
        span = self.line(tree)
        match tree.data:
            case "use":
                return nodes.Use(self.name(tree), span)
            case "contact":
                return nodes.Contact(self.fields(tree), span)
            case "event":
                return nodes.Event(self.name(tree), self.fields(tree), span)
            case "topic":
                return self.topic(tree, span)
            case "segment":
                return nodes.Segment(
                    self.name(tree), self.title(tree), self.expression(tree.children[-1]), span
                )
            case "flow":
                lines = tuple(self.flow_line(each) for each in trees(tree) if each.data != "name")
                return nodes.Flow(self.name(tree), self.title(tree), lines, span)
        return None

    # ------------------------------------------------------------ schema

    def fields(self, tree: Branch) -> tuple[nodes.FieldNode, ...]:
        return tuple(self.field(each) for each in trees(tree) if each.data in ("field", "record_field"))

    def field(self, tree: Branch) -> nodes.FieldNode:
        name = self.word(token(tree, "NAME"))
        if tree.data == "record_field":
            record = nodes.TypeNode("record", name.span, fields=self.fields(tree))
            return nodes.FieldNode(name, nodes.TypeNode("list", name.span, item=record))
        return nodes.FieldNode(name, self.type(trees(tree)[0]))

    def type(self, tree: Branch) -> nodes.TypeNode:
        match tree.data:
            case "plain_type":
                word = self.word(token(tree, "NAME"))
                return nodes.TypeNode(word.text, word.span)
            case "choice_type":
                return nodes.TypeNode(
                    "choice",
                    self.span(tree),
                    choices=tuple(self.text(each) for each in tokens(tree, "STRING")),
                )
        return nodes.TypeNode("list", self.span(tree), item=self.type(trees(tree)[0]))

    def topic(self, tree: Branch, span: Span) -> nodes.Topic:
        purposes: list[nodes.TopicPurpose] = []
        consents: list[nodes.TextValue] = []
        caps: list[nodes.TopicCap] = []
        damaged = False
        for each in trees(tree):
            match each.data:
                case "for_marketing":
                    purposes.append(nodes.TopicPurpose("marketing", False, self.line(each)))
                case "for_service":
                    law = bool(tokens(each, "REQUIRED_BY_LAW"))
                    purposes.append(nodes.TopicPurpose("service", law, self.line(each)))
                case "consent_text":
                    consents.append(self.text(token(each, "STRING")))
                case "topic_cap":
                    count = self.judged(token(each, "NUMBER"), literals.number)
                    caps.append(
                        nodes.TopicCap(count or Decimal(1), self.word(token(each, "NAME")), self.line(each))
                    )
                case "hole_line":
                    damaged = True
        return nodes.Topic(
            self.name(tree), self.title(tree), tuple(purposes), tuple(consents), tuple(caps), damaged, span
        )

    # ------------------------------------------------------------ flows

    def flow_line(self, tree: Branch) -> nodes.Head | nodes.Step:
        span = self.line(tree)
        match tree.data:
            case "flow_topic":
                return nodes.FlowTopic(self.name(tree), span)
            case "start_on_event":
                return nodes.StartOnEvent(self.word(token(tree, "NAME")), self.filter(tree), span)
            case "start_on_segment":
                joining = token(tree, "SEGMENT_CHANGE").startswith("joining")
                return nodes.StartOnSegment(self.name(tree), joining, span)
            case "enter_once":
                return nodes.Enter("once", None, span)
            case "enter_again":
                return nodes.Enter("again", self.duration(tree), span)
            case "enter_every_time":
                return nodes.Enter("every_time", None, span)
            case "journey_per":
                return nodes.JourneyPer(self.path(trees(tree)[0]), span)
            case "leave_on":
                return nodes.LeaveOn(self.word(token(tree, "NAME")), self.filter(tree), span)
            case "goal":
                within = self.duration(tree) if tokens(tree, "DURATION") else None
                return nodes.GoalLine(self.word(token(tree, "NAME")), self.filter(tree), within, span)
        return self.step(tree)

    def filter(self, tree: Branch) -> terms.Expression | None:
        found = [each for each in trees(tree) if each.data == "filter"]
        return self.expression(found[0].children[0]) if found else None

    def steps(self, tree: Branch) -> tuple[nodes.Step, ...]:
        """The steps of the block among a tree's children."""
        for each in trees(tree):
            if each.data == "block":
                return tuple(self.step(line) for line in trees(each))
        return ()

    def step(self, tree: Branch) -> nodes.Step:
        span = self.line(tree)
        match tree.data:
            case "send":
                return self.send(tree, span)
            case "wait":
                times = tokens(tree, "TIME")
                at = self.judged(times[0], literals.time) if times else None
                return nodes.Wait(self.duration(tree) or Duration(days=1), at, self.label(tree), span)
            case "wait_for":
                return self.wait_for(tree, span)
            case "if":
                return self.if_step(tree, span)
            case "split":
                arms = tuple(self.arm(each) for each in trees(tree) if each.data in ("split_arm", "hole_arm"))
                return nodes.Split(self.name(tree), arms, self.label(tree), span)
            case "finish":
                return nodes.Finish(self.label(tree), span)
        return nodes.Broken(span)

    def send(self, tree: Branch, span: Span) -> nodes.Send:
        below = {str(each.data): each for each in trees(tree)}

        def quoted(line: str) -> nodes.TextValue | None:
            return self.text(token(below[line], "STRING")) if line in below else None

        given = tuple(
            (self.word(token(each, "NAME")), self.expression(each.children[1]))
            for each in trees(tree)
            if each.data == "given"
        )
        topic = self.word(token(below["send_topic"], "NAME")) if "send_topic" in below else None
        return nodes.Send(
            self.name(tree),
            given,
            self.label(tree),
            quoted("send_subject"),
            quoted("send_from"),
            quoted("send_reply_to"),
            topic,
            span,
        )

    def wait_for(self, tree: Branch, span: Span) -> nodes.WaitFor:
        heard = tuple(
            nodes.Heard(self.name(each), next((self.where(w) for w in trees(each) if w.data != "name"), None))
            for each in trees(tree)
            if each.data == "heard"
        )
        return nodes.WaitFor(
            heard,
            self.duration(tree) if tokens(tree, "DURATION") else None,
            tuple(
                nodes.EventArm(self.name(each), self.steps(each), self.line(each))
                for each in trees(tree)
                if each.data == "on_event"
            ),
            tuple(
                nodes.TimeoutArm(self.steps(each), self.line(each))
                for each in trees(tree)
                if each.data == "on_timeout"
            ),
            self.label(tree),
            span,
        )

    def if_step(self, tree: Branch, span: Span) -> nodes.If:
        branches = [nodes.Branch(self.expression(tree.children[0]), self.steps(tree), span)]
        otherwise: tuple[nodes.Step, ...] | None = None
        for each in trees(tree):
            if each.data == "else_if":
                branches.append(
                    nodes.Branch(self.expression(each.children[0]), self.steps(each), self.line(each))
                )
            elif each.data == "else_block":
                otherwise = self.steps(each)
        return nodes.If(tuple(branches), otherwise, self.label(tree), span)

    def arm(self, tree: Branch) -> nodes.SplitArm:
        span = self.line(tree)
        if tree.data == "hole_arm":
            return nodes.SplitArm(terms.Name("", span), None, self.steps(tree), span)
        weight = self.judged(token(tree, "PERCENT"), literals.percent)
        return nodes.SplitArm(self.name(tree), weight, self.steps(tree), span)

    # ------------------------------------------------------------ parts

    def name(self, tree: Branch) -> terms.Name:
        """The name among a tree's children."""
        found = next(each for each in trees(tree) if each.data == "name")
        return self.name_of(found)

    def title(self, tree: Branch) -> str:
        found = tokens(tree, "STRING")
        return self.text(found[0]).value if found else ""

    def label(self, tree: Branch) -> terms.Name | None:
        found = [each for each in trees(tree) if each.data == "named"]
        return self.word(token(found[0], "NAME")) if found else None

    def duration(self, tree: Branch) -> Duration | None:
        return self.judged(token(tree, "DURATION"), literals.duration)
