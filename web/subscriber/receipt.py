"""A receipt on a page: what, when, where in the log, and the signed state of the log to keep."""

from collections.abc import Iterable

from consent.contract import LinkView, Receipt
from web.subscriber.site import Site


def receipt_values(
    site: Site, receipt: Receipt, view: LinkView, language: str, **done: Iterable[str]
) -> dict[str, object]:
    """What the templates need to show `receipt`. `done` says what became of which topics: `agreed`, `stopped`
    or `waiting`, the words that stand before them; topics are named as `view` names them."""
    titles = {topic.topic: topic.title for topic in view.topics}
    named = {what: [titles.get(topic) or topic for topic in topics] for what, topics in done.items()}
    return {
        "receipt": receipt,
        "moment": site.pages.moment(receipt.at, language),
        "rows": {what: topics for what, topics in named.items() if topics},
    }
