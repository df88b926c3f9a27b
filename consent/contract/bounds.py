"""How large a number said at the door may be. Over HTTP it is held to as it is read."""

from typing import Annotated

from msgspec import Meta

Position = Annotated[int, Meta(ge=-1, le=1 << 53)]
"""Of a leaf, or of a row; -1: before the first."""
MOST_LEAVES = 1_000_000_000
Length = Annotated[int, Meta(ge=0, le=MOST_LEAVES)]
"""So many leaves a log may be said to have had: a thousand for each of a million people."""
Page = Annotated[int, Meta(ge=1, le=10_000)]
"""How many are wanted at once."""
Days = Annotated[int, Meta(ge=0, le=36_500)]
LONGEST_LABEL, MOST_BOXES = 5000, 100
Label = Annotated[str, Meta(max_length=LONGEST_LABEL)]
"""The words beside a box of a form."""
Named = Annotated[str, Meta(max_length=200)]
"""What somebody else gave a name to: a form, its version, a language."""
Told = Annotated[str, Meta(max_length=2000)]
"""What a browser says of itself, or of where it comes from."""
WholePage = Annotated[bytes, Meta(max_length=1 << 20)]
HexDigits = Annotated[str, Meta(pattern="^([0-9a-f]{2})+$", max_length=128)]
ReplyCode = Annotated[int, Meta(ge=0, le=999)]
"""Of SMTP; 0: there was none."""
MOST_SAID = 10_000
Said = Annotated[str, Meta(max_length=MOST_SAID)]
"""What a mail server answered, or a mailer says of it: no mailer reads more than 8 kB."""
Sha256 = Annotated[str, Meta(pattern="^([0-9a-f]{64})?$", max_length=64)]
"""In hex; empty where there is none."""
Size = Annotated[int, Meta(ge=0, le=1 << 40)]
"""In bytes."""
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Ms UTC, until the year 9999."""
Age = Annotated[int, Meta(ge=0, le=150)]
Country = Annotated[str, Meta(pattern="^([A-Za-z]{2})?$", max_length=2)]
"""Two letters, as in `LV`; empty where it is not known."""
