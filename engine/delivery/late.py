"""What may become of mails that are late, in the words of the settings and of the operator."""

from typing import Literal, TypeAlias

LatePolicy: TypeAlias = Literal["skip", "pace"]
"""What becomes of marketing that is too late: it is skipped, or goes at a pace."""
