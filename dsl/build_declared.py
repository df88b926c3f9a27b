"""From the parser's tree to the nodes of what is declared: fields, topics, coupons, webhooks, limits."""

from decimal import Decimal

from dsl import literals, nodes, schema_nodes, terms
from dsl.expressions import ExpressionBuilder, token, tokens, trees
from dsl.finding import Span
from dsl.graph import Money
from dsl.tree import Tree


class DeclaredBuilder(ExpressionBuilder):
    """The lines of declarations that are no flows."""

    def fields(self, tree: Tree) -> tuple[schema_nodes.FieldNode, ...]:
        return tuple(self.field(each) for each in trees(tree) if each.data in ("field", "record_field"))

    def field(self, tree: Tree) -> schema_nodes.FieldNode:
        name = self.word(token(tree, "NAME"))
        if tree.data == "record_field":
            record = schema_nodes.TypeNode("record", name.span, fields=self.fields(tree))
            return schema_nodes.FieldNode(name, schema_nodes.TypeNode("list", name.span, item=record))
        return schema_nodes.FieldNode(name, self.type(trees(tree)[0]))

    def type(self, tree: Tree) -> schema_nodes.TypeNode:
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

    def topic(self, tree: Tree, span: Span) -> nodes.Topic:
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

    def cap(self, tree: Tree) -> schema_nodes.Cap:
        count = self.judged(token(tree, "NUMBER"), literals.number)
        names = tokens(tree, "NAME")
        lengths = [self.judged(each, literals.duration) for each in tokens(tree, "DURATION")]
        rolling = None if names else lengths.pop(0)
        span = self.line(tree)
        unit = self.word(names[0]) if names else terms.Name("", span)
        return schema_nodes.Cap(
            Decimal(1) if count is None else count, unit, rolling, (lengths or [None])[0], span
        )

    def quiet(self, tree: Tree) -> schema_nodes.Quiet:
        start, end = (self.judged(each, literals.time) for each in tokens(tree, "TIME"))
        return schema_nodes.Quiet(start, end, self.line(tree))

    def coupon(self, tree: Tree, span: Span) -> schema_nodes.Coupon:
        worths: list[schema_nodes.Worth] = []
        valids: list[schema_nodes.Valid] = []
        codes: list[schema_nodes.CodePattern | schema_nodes.CodesFrom] = []
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
                case "codes_from":
                    codes.append(schema_nodes.CodesFrom(self.text(token(each, "STRING")), line))
                case "hole_line":
                    damaged = True
        return schema_nodes.Coupon(
            self.name(tree), self.title(tree), tuple(worths), tuple(valids), tuple(codes), damaged, span
        )

    def webhook(self, tree: Tree, span: Span) -> schema_nodes.Webhook:
        secrets = tuple(
            schema_nodes.WebhookSecret(self.word(token(each, "NAME")), self.line(each))
            for each in trees(tree)
            if each.data == "webhook_secret"
        )
        urls = tuple(self.text(token(each, "STRING")) for each in trees(tree) if each.data == "webhook_url")
        damaged = any(each.data == "hole_line" for each in trees(tree))
        return schema_nodes.Webhook(self.name(tree), self.title(tree), urls, secrets, damaged, span)
