"""From the parser's tree to the nodes of a flow's steps."""

from decimal import Decimal

from dsl.found.finding import Span
from dsl.found.source import error
from dsl.graph import Duration
from dsl.nodes import flows, terms
from dsl.read import literals
from dsl.read.expressions import ExpressionBuilder, token, tokens, trees
from dsl.read.tree import Tree

_LINES_OF_MAILS = {
    "send_subject": "a subject",
    "send_from": "a sender",
    "send_reply_to": "a `reply to`",
    "send_topic": "a topic",
}


class StepBuilder(ExpressionBuilder):
    """Steps, with the blocks that hang on them."""

    def steps(self, tree: Tree) -> tuple[flows.Step, ...]:
        """The steps of the block among a tree's children."""
        for each in trees(tree):
            if each.data == "block":
                return tuple(self.step(line) for line in trees(each))
        return ()

    def step(self, tree: Tree) -> flows.Step:
        span = self.line(tree)
        match tree.data:
            case "send":
                return self.send(tree, span)
            case "wait":
                length = self.duration(tree) or Duration(days=1)
                return flows.Wait(length, self.time(tree), self.label(tree), span)
            case "wait_for_best_time":
                up_to = self.duration(tree) if tokens(tree, "DURATION") else None
                return flows.BestTime(up_to, self.label(tree), span)
            case "wait_for":
                return self.wait_for(tree, span)
            case "wait_until":
                return self.wait_until(tree, span)
            case "repeat":
                return self.repeat(tree, span)
            case "set":
                value = None if tokens(tree, "UNKNOWN") else self.expression(trees(tree)[1])
                return flows.Set(self.path(trees(tree)[0]), value, self.label(tree), span)
            case "tag":
                add = token(tree, "TAG_CHANGE").text.startswith("add")
                return flows.Tag(self.text(token(tree, "STRING")), add, self.label(tree), span)
            case "unsubscribe":
                return flows.Unsubscribe(self.name(tree), self.label(tree), span)
            case "tell":
                address, text = (self.text(each) for each in tokens(tree, "STRING"))
                return flows.Tell(address, text, self.label(tree), span)
            case "emit":
                return flows.Emit(self.name(tree), self.given(tree), self.label(tree), span)
            case "call":
                return flows.Call(self.name(tree), self.given(tree), self.label(tree), span)
            case "start_flow":
                return flows.StartFlow(self.name(tree), self.label(tree), span)
            case "if":
                return self.if_step(tree, span)
            case "split":
                return self.split(tree, span)
            case "finish":
                return flows.Finish(self.label(tree), span)
        return flows.Broken(span)

    def send(self, tree: Tree, span: Span) -> flows.Send:
        below: dict[str, Tree] = {}
        for each in trees(tree):
            line = str(each.data)
            if below.setdefault(line, each) is not each and line in _LINES_OF_MAILS:
                message = f"This mail has {_LINES_OF_MAILS[line]} already."
                self.findings.append(error("E408", self.line(each), message, "Delete one of the two lines."))

        def quoted(line: str) -> terms.TextValue | None:
            return self.text(token(below[line], "STRING")) if line in below else None

        topic = self.word(token(below["send_topic"], "NAME")) if "send_topic" in below else None
        return flows.Send(
            self.name(tree),
            self.given(tree),
            self.label(tree),
            quoted("send_subject"),
            quoted("send_from"),
            quoted("send_reply_to"),
            topic,
            span,
        )

    def given(self, tree: Tree) -> tuple[tuple[terms.Name, terms.Expression], ...]:
        """What stands behind `with`."""
        return tuple(
            (self.word(token(each, "NAME")), self.expression(each.children[1]))
            for each in trees(tree)
            if each.data == "given"
        )

    def wait_for(self, tree: Tree, span: Span) -> flows.WaitFor:
        heard = tuple(
            flows.Heard(self.name(each), next((self.where(w) for w in trees(each) if w.data != "name"), None))
            for each in trees(tree)
            if each.data == "heard"
        )
        return flows.WaitFor(
            heard,
            self.duration(tree) if tokens(tree, "DURATION") else None,
            self.event_arms(tree),
            self.timeouts(tree),
            self.mets(tree),
            self.label(tree),
            span,
        )

    def wait_until(self, tree: Tree, span: Span) -> flows.WaitUntil:
        return flows.WaitUntil(
            self.expression(tree.children[0]),
            self.time(tree),
            self.duration(tree) if tokens(tree, "DURATION") else None,
            self.mets(tree),
            self.timeouts(tree),
            self.event_arms(tree),
            self.label(tree),
            span,
        )

    def event_arms(self, tree: Tree) -> tuple[flows.EventArm, ...]:
        return tuple(
            flows.EventArm(self.name(each), self.steps(each), self.line(each))
            for each in trees(tree)
            if each.data == "on_event"
        )

    def timeouts(self, tree: Tree) -> tuple[flows.TimeoutArm, ...]:
        arms = (each for each in trees(tree) if each.data == "on_timeout")
        return tuple(flows.TimeoutArm(self.steps(each), self.line(each)) for each in arms)

    def mets(self, tree: Tree) -> tuple[flows.MetArm, ...]:
        arms = (each for each in trees(tree) if each.data == "on_met")
        return tuple(flows.MetArm(self.steps(each), self.line(each)) for each in arms)

    def repeat(self, tree: Tree, span: Span) -> flows.Repeat:
        times = self.judged(token(tree, "NUMBER"), literals.number)
        steps: list[flows.Step] = []
        untils: list[flows.Until] = []
        behind: flows.Step | None = None
        for each in trees(tree):
            if each.data == "until":
                untils.append(flows.Until(self.expression(each.children[0]), self.line(each)))
            elif each.data != "named":
                steps.append(self.step(each))
                if untils:
                    behind = behind or steps[-1]
        return flows.Repeat(
            Decimal(1) if times is None else times,
            tuple(steps),
            tuple(untils),
            behind,
            self.label(tree),
            span,
        )

    def if_step(self, tree: Tree, span: Span) -> flows.If:
        branches = [flows.Branch(self.expression(tree.children[0]), self.steps(tree), span)]
        otherwise: tuple[flows.Step, ...] | None = None
        for each in trees(tree):
            if each.data == "else_if":
                branches.append(
                    flows.Branch(self.expression(each.children[0]), self.steps(each), self.line(each))
                )
            elif each.data == "else_block":
                otherwise = self.steps(each)
        return flows.If(tuple(branches), otherwise, self.label(tree), span)

    def split(self, tree: Tree, span: Span) -> flows.Split:
        arms: list[flows.SplitArm] = []
        winners: list[flows.Winner] = []
        behind: flows.SplitArm | None = None
        for each in trees(tree):
            if each.data in ("keep_winner", "adapt"):
                winners.append(self.winner(each))
            elif each.data in ("split_arm", "hole_arm"):
                arms.append(self.arm(each))
                if winners and each.data == "split_arm":
                    behind = behind or arms[-1]
        return flows.Split(self.name(tree), tuple(arms), tuple(winners), behind, self.label(tree), span)

    def winner(self, tree: Tree) -> flows.Winner:
        counts = [self.judged(each, literals.number) for each in tokens(tree, "NUMBER")]
        return flows.Winner(
            self.word(token(tree, "NAME")), tree.data == "adapt", (counts or [None])[0], self.line(tree)
        )

    def arm(self, tree: Tree) -> flows.SplitArm:
        span = self.line(tree)
        if tree.data == "hole_arm":
            return flows.SplitArm(terms.Name("", span), None, self.steps(tree), span)
        weight = self.judged(token(tree, "PERCENT"), literals.percent)
        return flows.SplitArm(self.name(tree), weight, self.steps(tree), span)
