"""What is kept of an event for those who ask for it later: conditions, and recommendations."""

from typing import Any

from engine.core import windows
from engine.core.bundle import Bundle, replace
from engine.core.loaded import Loaded

_VIEW, _ORDER = "product_viewed", "order_placed"


def of(loaded: Loaded, bundle: Bundle, event: str, data: dict[str, Any], at: int, now: int) -> Bundle:
    """The contact with an event that happened at `at` in its history; the same object where nobody asks for
    it, and where it may not be known. Instants are ms UTC."""
    need = loaded.needs.get(event)
    recommends = loaded.recommends and event in (_VIEW, _ORDER)
    if need is None and not recommends:
        return bundle
    purpose = windows.PURPOSE_OF.get(event)
    if purpose is not None and not windows.is_known(bundle, purpose, at):
        return bundle
    if need is not None:
        window = windows.record(bundle.windows.get(event, ()), need, data, at, now, loaded.clock(bundle))
        bundle = replace(bundle, windows={**bundle.windows, event: window})
    if recommends and event == _VIEW:
        return replace(bundle, viewed=windows.recent(bundle.viewed, (data.get("sku"),)))
    if recommends:
        items = data.get("items") or ()
        return replace(bundle, bought=windows.recent(bundle.bought, [item.get("sku") for item in items]))
    return bundle
