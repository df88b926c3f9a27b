"""The Python that Jinja makes of a template, in a form that costs a mail less."""

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst


class Generator(CodeGenerator):
    """What nearly every value is needs no call: a field of a record is looked up where it is shown, and a
    text without signs is shown in HTML as it is. All else goes to `Sandbox.getattr` and `Sandbox.escaped`.

    Python reads the condition of `a if b else c` first, so `record` and `shown` are bound before they are
    used; no name of a template can be one of these, for Jinja puts `l_` and a number before them."""

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """`record.name`."""
        name = repr(node.attr)
        self.write(f"(record[{name}] if type(record := ")
        self.visit(node.node, frame)
        self.write(f") is dict and {name} in record else environment.getattr(record, {name}))")

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("(shown if type(shown := ")

    def _output_child_post(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_post(node, frame, finalize)
        else:
            self.write(") is str and not environment.signs(shown) else environment.escaped(shown))")
