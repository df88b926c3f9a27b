"""What the core learns of an address: its domain."""

from flows import loaded
from person import Person

from engine.core.bundle import Agreed

FLOW = """
flow latvian
    topic news
    start on subscribed where topic is "news"

    if contact.email_domain ends with ".lv"
        finish as at_home
    else
        finish as abroad
"""


def test_the_domain_of_a_confirmed_address_can_be_asked_for() -> None:
    """The feed tells the domain, and nothing else of the address."""
    for domain, end in (("kafija.lv", "at_home"), ("kafija.example", "abroad"), ("", "abroad")):
        person = Person(loaded(FLOW))
        person.take(Agreed("news", True, domain=domain))
        assert [entry.reason for entry in person.entries if entry.what == "finished"] == [end]
