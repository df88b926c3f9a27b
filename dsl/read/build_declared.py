"""From the parser's tree to the nodes of what is declared: fields, topics, coupons, webhooks, limits."""

from decimal import Decimal

from dsl.found.finding import Span
from dsl.graph import Money
from dsl.nodes import flows, schema, terms
from dsl.read import literals
from dsl.read.expressions import ExpressionBuilder, token, tokens, trees
from dsl.read.tree import Tree


class DeclaredBuilder(ExpressionBuilder):
    """The lines of declarations that are no flows."""

    def fields(self, tree: Tree) -> tuple[schema.FieldNode, ...]:
        return tuple(self.field(each) for each in trees(tree) if each.data in ("field", "record_field"))

    def field(self, tree: Tree) -> schema.FieldNode:
        name = self.word(token(tree, "NAME"))
        if tree.data == "record_field":
            record = schema.TypeNode("record", name.span, fields=self.fields(tree))
            return schema.FieldNode(name, schema.TypeNode("list", name.span, item=record))
        return schema.FieldNode(name, self.type(trees(tree)[0]))

    def type(self, tree: Tree) -> schema.TypeNode:
        match tree.data:
            case "plain_type":
                word = self.word(token(tree, "NAME"))
                return schema.TypeNode(word.text, word.span)
            case "choice_type":
                return schema.TypeNode(
                    "choice",
                    self.span(tree),
                    choices=tuple(self.text(each) for each in tokens(tree, "STRING")),
                )
        return schema.TypeNode("list", self.span(tree), item=self.type(trees(tree)[0]))

    def topic(self, tree: Tree, span: Span) -> flows.Topic:
        purposes: list[schema.TopicPurpose] = []
        consents: list[terms.TextValue] = []
        caps: list[schema.Cap] = []
        damaged = False
        for each in trees(tree):
            match each.data:
                case "for_marketing":
                    purposes.append(schema.TopicPurpose("marketing", False, self.line(each)))
                case "for_service":
                    law = bool(tokens(each, "REQUIRED_BY_LAW"))
                    purposes.append(schema.TopicPurpose("service", law, self.line(each)))
                case "consent_text":
                    consents.append(self.text(token(each, "STRING")))
                case "cap":
                    caps.append(self.cap(each))
                case "hole_line":
                    damaged = True
        return flows.Topic(
            self.name(tree), self.title(tree), tuple(purposes), tuple(consents), tuple(caps), damaged, span
        )

    def cap(self, tree: Tree) -> schema.Cap:
        count = self.judged(token(tree, "NUMBER"), literals.number)
        names = tokens(tree, "NAME")
        lengths = [self.judged(each, literals.duration) for each in tokens(tree, "DURATION")]
        rolling = None if names else lengths.pop(0)
        span = self.line(tree)
        unit = self.word(names[0]) if names else terms.Name("", span)
        return schema.Cap(Decimal(1) if count is None else count, unit, rolling, (lengths or [None])[0], span)

    def quiet(self, tree: Tree) -> schema.Quiet:
        start, end = (self.judged(each, literals.time) for each in tokens(tree, "TIME"))
        return schema.Quiet(start, end, self.line(tree))

    def coupon(self, tree: Tree, span: Span) -> schema.Coupon:
        worths: list[schema.Worth] = []
        valids: list[schema.Valid] = []
        codes: list[schema.CodePattern | schema.CodesFrom] = []
        damaged = False
        for each in trees(tree):
            line = self.line(each)
            match each.data:
                case "percent_off":
                    percent = self.judged(token(each, "PERCENT"), literals.percent)
                    worths.append(schema.PercentOff(Decimal(1) if percent is None else percent, line))
                case "amount_off":
                    amount = self.judged(
                        token(each, "MONEY"), lambda text: literals.money(text, self.currency)
                    )
                    worths.append(schema.AmountOff(amount or Money(Decimal(1), self.currency), line))
                case "free_shipping":
                    worths.append(schema.FreeShipping(line))
                case "coupon_valid":
                    valids.append(schema.Valid(self.duration(each), line))
                case "coupon_code":
                    codes.append(schema.CodePattern(self.text(token(each, "STRING")), line))
                case "codes_from":
                    codes.append(schema.CodesFrom(self.text(token(each, "STRING")), line))
                case "hole_line":
                    damaged = True
        return schema.Coupon(
            self.name(tree), self.title(tree), tuple(worths), tuple(valids), tuple(codes), damaged, span
        )

    def webhook(self, tree: Tree, span: Span) -> schema.Webhook:
        secrets = tuple(
            schema.WebhookSecret(self.word(token(each, "NAME")), self.line(each))
            for each in trees(tree)
            if each.data == "webhook_secret"
        )
        urls = tuple(self.text(token(each, "STRING")) for each in trees(tree) if each.data == "webhook_url")
        damaged = any(each.data == "hole_line" for each in trees(tree))
        return schema.Webhook(self.name(tree), self.title(tree), urls, secrets, damaged, span)
