"""From the parser's tree of a scenario to its nodes."""

from dsl.found.finding import Span
from dsl.found.source import error
from dsl.nodes import scenarios
from dsl.nodes.terms import Name
from dsl.read import literals
from dsl.read.expressions import ExpressionBuilder, token, tokens, trees
from dsl.read.tree import Token, Tree


class ScenarioBuilder(ExpressionBuilder):
    """Scenarios and their lines; expressions come from the class above."""

    def scenario(self, tree: Tree) -> scenarios.ScenarioNode:
        """The scenario that a tree holds."""
        titles = tokens(tree, "STRING")
        lines = tuple(self._line(each) for each in trees(tree))
        return scenarios.ScenarioNode(self.text(titles[0]) if titles else None, lines, self.line(tree))

    def _line(self, tree: Tree) -> scenarios.ScenarioLine:
        span = self.line(tree)
        match tree.data:
            case "scenario_flow":
                return scenarios.FlowLine(self._names(tree)[0], span)
            case "person":
                return self._person(tree)
            case "choice":
                label, split = self._names(tree)
                return scenarios.ChooseLine(label, split, span)
            case "scene":
                does = self._does(trees(tree)[-1])
                return scenarios.SceneLine(self._when(tree), does, self._words(tree), span)
        return scenarios.SceneLine(None, None, self._words(tree), span)

    def _person(self, tree: Tree) -> scenarios.ContactBlock:
        lines: list[scenarios.AgreedLine | scenarios.TaggedLine | scenarios.AttributeLine] = []
        damaged = False
        for each in trees(tree):
            span = self.line(each)
            match each.data:
                case "person_agreed":
                    lines.append(scenarios.AgreedLine(self._names(each)[0], span))
                case "person_tagged":
                    lines.append(scenarios.TaggedLine(self.text(token(each, "STRING")), span))
                case "person_attribute":
                    name, value = self._offer(each)
                    lines.append(scenarios.AttributeLine(name, value, span))
                case _:
                    damaged = True
        return scenarios.ContactBlock(tuple(lines), damaged, self.line(tree))

    def _when(self, tree: Tree) -> scenarios.AtMoment | scenarios.AfterTime | None:
        if moments := tokens(tree, "MOMENT"):
            return scenarios.AtMoment(self.judged(moments[0], literals.moment), self._up_to(moments[0], tree))
        if lengths := tokens(tree, "DURATION"):
            return scenarios.AfterTime(
                self.judged(lengths[0], literals.duration), self._up_to(lengths[0], tree)
            )
        return None

    def _up_to(self, found: Token, tree: Tree) -> Span:
        """The place of a line from its beginning to the end of one of its words."""
        whole, end = self.line(tree), self.span(found)
        return Span(whole.file, whole.line, whole.column, end.end_line, end.end_column)

    def _does(self, tree: Tree) -> scenarios.ActNode | scenarios.ExpectationNode:
        names = self._names(tree)
        match tree.data:
            case "occurs":
                return self._happens(tree)
            case "opens":
                return scenarios.OpensMail(names[0])
            case "clicks":
                links = tokens(tree, "STRING")
                return scenarios.ClicksMail(names[0], self.text(links[0]) if links else None)
            case "withdraws":
                return scenarios.WithdrawsTopic(names[0])
            case "changes":
                value = None if tokens(tree, "UNKNOWN") else self._offered(trees(tree)[1])
                return scenarios.SetsAttribute(self.path(trees(tree)[0]), value)
            case "requests":
                return scenarios.StartsFlow(names[0])
            case "expect_send":
                wordings = (self._wording(each) for each in trees(tree) if each.data == "wording")
                return scenarios.SendExpected(names[0], tuple(wordings))
            case "expect_no_send":
                return scenarios.NoSendExpected(names[0] if names else None)
            case "expect_count":
                return scenarios.CountExpected(self._count(token(tree, "NUMBER")))
            case "expect_skipped":
                return scenarios.SkipExpected(*names)
            case "expect_in":
                return scenarios.StepExpected(names[0])
            case "expect_left":
                return scenarios.LeftExpected()
            case "expect_finished":
                labels = [self.word(token(each, "NAME")) for each in trees(tree)]
                return scenarios.FinishExpected(labels[0] if labels else None)
            case "expect_arm":
                return scenarios.ArmExpected(*names)
        return scenarios.ConditionExpected(self.expression(tree.children[0]))

    def _happens(self, tree: Tree) -> scenarios.Happens:
        lengths = tokens(tree, "DURATION")
        late = self.judged(lengths[0], literals.duration) if lengths else None
        values = tuple(self._offer(each) for each in trees(tree) if each.data == "offer")
        return scenarios.Happens(self.word(token(tree, "NAME")), late, values)

    def _wording(self, tree: Tree) -> scenarios.WordingLine:
        operator = " ".join(token(tree, "OPERATOR").text.split())
        words = self.text(token(tree, "STRING"))
        return scenarios.WordingLine(token(tree, "MAIL_PART").text, operator, words, self.line(tree))

    def _count(self, found: Token) -> int | None:
        number = self.judged(found, literals.number)
        if number is not None and number != number.to_integral_value():
            help = f"Write `expect {int(number)} email{'s' if int(number) != 1 else ''}`."
            self.findings.append(error("E115", self.span(found), "Mails are counted in whole numbers.", help))
            return None
        return None if number is None else int(number)

    # ------------------------------------------------------------ values

    def _offer(self, tree: Tree) -> scenarios.Offer:
        return self.word(token(tree, "NAME")), self._offered(trees(tree)[0])

    def _offered(self, tree: Tree) -> scenarios.Offered:
        match tree.data:
            case "list":
                return scenarios.ListNode(tuple(self._offered(each) for each in trees(tree)), self.span(tree))
            case "record":
                return scenarios.RecordNode(tuple(self._offer(each) for each in trees(tree)), self.span(tree))
        return self.expression(tree)

    # ------------------------------------------------------------ parts

    def _names(self, tree: Tree) -> list[Name]:
        return [self.name_of(each) for each in trees(tree) if each.data == "name"]

    def _words(self, tree: Tree) -> str:
        return self.chunk.lines[tree.first.line - 1].words
