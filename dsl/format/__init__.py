"""The canonical form of a file: the same declarations and every comment, laid out in one way.

It stands on the parser's own layout and words, so that a construct which the grammar learns is laid out
without a line here. What canonical means: docs/formatting.md.
"""

from dsl.format.result import Formatted, FormattingFault, format_source

__all__ = ["Formatted", "FormattingFault", "format_source"]
