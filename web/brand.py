"""Who speaks on the pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Brand:
    """Shown on every page. `controller` answers for the data (GDPR Art. 13), `contact` is where questions
    go, `imprint` is what law asks for under every mail. Times are told in `time_zone` (an IANA name). By
    `address` and, per language, `proof_subjects` a person finds the mail that asks for the confirmation.
    `asks_age`: whoever signs up says how old they are."""

    name: str
    controller: str
    contact: str
    imprint: str
    time_zone: str = "UTC"
    address: str = ""
    proof_subjects: Mapping[str, str] = field(default_factory=dict)
    asks_age: bool = False
