"""Who speaks on the pages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brand:
    """Shown on every page. `controller` answers for the data (GDPR Art. 13), `contact` is where questions
    go, `imprint` is what law asks for under every mail. Times are told in `time_zone` (an IANA name)."""

    name: str
    controller: str
    contact: str
    imprint: str
    time_zone: str = "UTC"
