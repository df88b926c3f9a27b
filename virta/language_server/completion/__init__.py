"""What may stand at a place: words by the state of the parser, names by what stands before them."""

from virta.language_server.completion.items import complete
from virta.language_server.completion.templates import complete_template

__all__ = ["complete", "complete_template"]
