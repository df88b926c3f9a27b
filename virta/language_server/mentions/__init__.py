"""Where the texts of a project speak of what they declare: topics, events and their fields, attributes,
segments, coupons, webhooks, flows, templates, steps, arms and labels."""

from virta.language_server.mentions.index import Index, index_of
from virta.language_server.mentions.mention import Mention, Thing

__all__ = ["Index", "Mention", "Thing", "index_of"]
