"""From the parser's tree to nodes with places. Literals that mean nothing become findings and holes."""

from decimal import Decimal

from lark.tree import Tree

from dsl import literals, nodes, schema_nodes, terms
from dsl.expressions import Branch, ExpressionBuilder, token, tokens, trees
from dsl.finding import Finding, Span
from dsl.graph import Duration, Money
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
            case "limits":
                caps = tuple(self.cap(each) for each in trees(tree) if each.data == "cap")
                return schema_nodes.Limits(
                    caps, tuple(self.quiet(each) for each in trees(tree) if each.data == "quiet"), span
                )
            case "flow":
                lines = tuple(self.flow_line(each) for each in trees(tree) if each.data != "name")
                return nodes.Flow(self.name(tree), self.title(tree), lines, span)
        return None

    # ------------------------------------------------------------ schema

    def fields(self, tree: Branch) -> tuple[schema_nodes.FieldNode, ...]:
        return tuple(self.field(each) for each in trees(tree) if each.data in ("field", "record_field"))

    def field(self, tree: Branch) -> schema_nodes.FieldNode:
        name = self.word(token(tree, "NAME"))
        if tree.data == "record_field":
            record = schema_nodes.TypeNode("record", name.span, fields=self.fields(tree))
            return schema_nodes.FieldNode(name, schema_nodes.TypeNode("list", name.span, item=record))
        return schema_nodes.FieldNode(name, self.type(trees(tree)[0]))

    def type(self, tree: Branch) -> schema_nodes.TypeNode:
        match tree.data:
            case "plain_type":
                word = self.word(token(tree, "NAME"))
                return schema_nodes.TypeNode(word.text, word.span)
            case "choice_type":
                return schema_nodes.TypeNode(
                    "choice",
                    self.span(tree),
                    choices=tuple(self.text(each) for each in tokens(tree, "STRING")),
                )
        return schema_nodes.TypeNode("list", self.span(tree), item=self.type(trees(tree)[0]))

    def topic(self, tree: Branch, span: Span) -> nodes.Topic:
        purposes: list[schema_nodes.TopicPurpose] = []
        consents: list[terms.TextValue] = []
        caps: list[schema_nodes.Cap] = []
        damaged = False
        for each in trees(tree):
            match each.data:
                case "for_marketing":
                    purposes.append(schema_nodes.TopicPurpose("marketing", False, self.line(each)))
                case "for_service":
                    law = bool(tokens(each, "REQUIRED_BY_LAW"))
                    purposes.append(schema_nodes.TopicPurpose("service", law, self.line(each)))
                case "consent_text":
                    consents.append(self.text(token(each, "STRING")))
                case "cap":
                    caps.append(self.cap(each))
                case "hole_line":
                    damaged = True
        return nodes.Topic(
            self.name(tree), self.title(tree), tuple(purposes), tuple(consents), tuple(caps), damaged, span
        )

    def cap(self, tree: Branch) -> schema_nodes.Cap:
        count = self.judged(token(tree, "NUMBER"), literals.number)
        names = tokens(tree, "NAME")
        lengths = [self.judged(each, literals.duration) for each in tokens(tree, "DURATION")]
        rolling = None if names else lengths.pop(0)
        span = self.line(tree)
        unit = self.word(names[0]) if names else terms.Name("", span)
        return schema_nodes.Cap(
            Decimal(1) if count is None else count, unit, rolling, (lengths or [None])[0], span
        )

    def quiet(self, tree: Branch) -> schema_nodes.Quiet:
        start, end = (self.judged(each, literals.time) for each in tokens(tree, "TIME"))
        return schema_nodes.Quiet(start, end, self.line(tree))

    def coupon(self, tree: Branch, span: Span) -> schema_nodes.Coupon:
        worths: list[schema_nodes.Worth] = []
        valids: list[schema_nodes.Valid] = []
        codes: list[schema_nodes.CodePattern] = []
        damaged = False
        for each in trees(tree):
            line = self.line(each)
            match each.data:
                case "percent_off":
                    percent = self.judged(token(each, "PERCENT"), literals.percent)
                    worths.append(schema_nodes.PercentOff(Decimal(1) if percent is None else percent, line))
                case "amount_off":
                    amount = self.judged(
                        token(each, "MONEY"), lambda text: literals.money(text, self.currency)
                    )
                    worths.append(schema_nodes.AmountOff(amount or Money(Decimal(1), self.currency), line))
                case "free_shipping":
                    worths.append(schema_nodes.FreeShipping(line))
                case "coupon_valid":
                    valids.append(schema_nodes.Valid(self.duration(each), line))
                case "coupon_code":
                    codes.append(schema_nodes.CodePattern(self.text(token(each, "STRING")), line))
                case "hole_line":
                    damaged = True
        return schema_nodes.Coupon(
            self.name(tree), self.title(tree), tuple(worths), tuple(valids), tuple(codes), damaged, span
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
            case "start_on_date":
                return self.start_on_date(tree, span)
            case "leave_when":
                return nodes.LeaveWhen(self.expression(tree.children[0]), span)
            case "priority":
                number = self.judged(token(tree, "NUMBER"), literals.number)
                return nodes.Priority(Decimal(5) if number is None else number, span)
            case "cap":
                return self.cap(tree)
            case "quiet":
                return self.quiet(tree)
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

    def start_on_date(self, tree: Branch, span: Span) -> nodes.StartOnDate:
        sides = tokens(tree, "SIDE")
        return nodes.StartOnDate(
            self.expression(tree.children[0]),
            bool(tokens(tree, "EVERY_YEAR")),
            self.duration(tree) if sides else None,
            bool(sides) and sides[0] == "before",
            self.time(tree),
            span,
        )

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
                length = self.duration(tree) or Duration(days=1)
                return nodes.Wait(length, self.time(tree), self.label(tree), span)
            case "wait_for":
                return self.wait_for(tree, span)
            case "wait_until":
                return self.wait_until(tree, span)
            case "repeat":
                return self.repeat(tree, span)
            case "set":
                value = None if tokens(tree, "UNKNOWN") else self.expression(trees(tree)[1])
                return nodes.Set(self.path(trees(tree)[0]), value, self.label(tree), span)
            case "tag":
                add = token(tree, "TAG_CHANGE").startswith("add")
                return nodes.Tag(self.text(token(tree, "STRING")), add, self.label(tree), span)
            case "unsubscribe":
                return nodes.Unsubscribe(self.name(tree), self.label(tree), span)
            case "tell":
                address, text = (self.text(each) for each in tokens(tree, "STRING"))
                return nodes.Tell(address, text, self.label(tree), span)
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

        def quoted(line: str) -> terms.TextValue | None:
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
            self.event_arms(tree),
            self.timeouts(tree),
            self.mets(tree),
            self.label(tree),
            span,
        )

    def wait_until(self, tree: Branch, span: Span) -> nodes.WaitUntil:
        return nodes.WaitUntil(
            self.expression(tree.children[0]),
            self.time(tree),
            self.duration(tree) if tokens(tree, "DURATION") else None,
            self.mets(tree),
            self.timeouts(tree),
            self.event_arms(tree),
            self.label(tree),
            span,
        )

    def event_arms(self, tree: Branch) -> tuple[nodes.EventArm, ...]:
        return tuple(
            nodes.EventArm(self.name(each), self.steps(each), self.line(each))
            for each in trees(tree)
            if each.data == "on_event"
        )

    def timeouts(self, tree: Branch) -> tuple[nodes.TimeoutArm, ...]:
        arms = (each for each in trees(tree) if each.data == "on_timeout")
        return tuple(nodes.TimeoutArm(self.steps(each), self.line(each)) for each in arms)

    def mets(self, tree: Branch) -> tuple[nodes.MetArm, ...]:
        arms = (each for each in trees(tree) if each.data == "on_met")
        return tuple(nodes.MetArm(self.steps(each), self.line(each)) for each in arms)

    def repeat(self, tree: Branch, span: Span) -> nodes.Repeat:
        times = self.judged(token(tree, "NUMBER"), literals.number)
        steps: list[nodes.Step] = []
        untils: list[nodes.Until] = []
        behind: nodes.Step | None = None
        for each in trees(tree):
            if each.data == "until":
                untils.append(nodes.Until(self.expression(each.children[0]), self.line(each)))
            elif each.data != "named":
                steps.append(self.step(each))
                if untils:
                    behind = behind or steps[-1]
        return nodes.Repeat(
            Decimal(1) if times is None else times,
            tuple(steps),
            tuple(untils),
            behind,
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

    def time(self, tree: Branch) -> str | None:
        """The time in a line; one that means nothing was reported and counts as noon."""
        found = tokens(tree, "TIME")
        return self.judged(found[0], literals.time) or "12:00" if found else None

    def duration(self, tree: Branch) -> Duration | None:
        return self.judged(token(tree, "DURATION"), literals.duration)
