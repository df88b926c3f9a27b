"""The consent service of a stall, as a start of Virta opens it."""

import os
from collections.abc import Callable
from pathlib import Path

from consent.service import Service
from virta.consent_door import open_consent
from virta.database_url import consent_place
from virta.keys import read_consent_keys
from virta.settings import read_settings
from virta.wiring import wall_clock


def opened(stall: Path, clock: Callable[[], int] = wall_clock) -> Service:
    """The service over the store of the project in `stall`, which is made if it is missing."""
    settings = read_settings(stall)
    place, keys = consent_place(stall, settings), read_consent_keys(settings, stall)
    return open_consent(place, keys, settings, clock=clock, entropy=os.urandom)
