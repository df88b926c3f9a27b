"""A receipt on a page: what, when, where in the log, and the signed state of the log to keep."""

from consent.contract import LinkView, Receipt
from web.subscriber.site import Site


def receipt_values(site: Site, receipt: Receipt, view: LinkView, language: str) -> dict[str, object]:
    """What the templates need to show `receipt`; topics are named as `view` names them."""
    titles = {topic.topic: topic.title for topic in view.topics}
    return {
        "receipt": receipt,
        "moment": site.pages.moment(receipt.at, language),
        "titles": [titles.get(topic) or topic for topic in receipt.topics],
    }
