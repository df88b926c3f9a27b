"""The coffee shop's project compiles without a word, and says what it promises in all its languages."""

from kafija import KAFIJA, LANGUAGES, compiled, settings

from dsl.graph import Graph, Send
from virta.project.wording import read_wording

FLOWS = {
    "abandoned_cart": {"offers"},
    "after_delivery": {"news"},
    "anniversary": {"offers"},
    "best_customer": {"offers"},
    "birthday": {"offers"},
    "browse": {"offers"},
    "guide": {"guide"},
    "onboarding": {"subscription", "news"},
    "order_updates": {"orders"},
    "price_page": {"offers"},
    "survey": {"news"},
    "welcome": {"news", "offers"},
    "win_back": {"news"},
}
SERVICE = {"orders", "subscription"}


def flow(name: str) -> Graph:
    program = compiled().program
    assert program is not None
    return next(graph for graph in program.flows if graph.flow == name)


def test_the_compiler_has_nothing_to_say() -> None:
    """No error, and no warning either."""
    assert compiled().findings == ()


def test_the_flows_are_those_of_the_trade_on_these_topics() -> None:
    """Each flow with the topics of its mails."""
    program = compiled().program
    assert program is not None
    sent = {
        graph.flow: {node.topic for node in graph.nodes if isinstance(node, Send)} for graph in program.flows
    }
    assert sent == FLOWS


def test_each_flow_file_opens_with_two_lines_that_say_what_it_is_for() -> None:
    """And holds one flow."""
    files = sorted((KAFIJA / "flows").glob("*.flow"))
    assert [file.stem for file in files] == sorted(FLOWS)
    for file in files:
        first, second, *rest = file.read_text("utf-8").splitlines()
        assert first.startswith("# ")
        assert second.startswith("# ")
        assert sum(line.startswith("flow ") for line in rest) == 1


def test_every_mail_exists_in_every_language_and_is_sent_by_some_flow() -> None:
    """With a subject and a preheader; `confirm` is the proof mail."""
    program = compiled().program
    assert program is not None
    used = {node.template for graph in program.flows for node in graph.nodes if isinstance(node, Send)}
    whole = [file for file in compiled().template_files if not file.partial]
    assert {(file.name, file.language) for file in whole} == {
        (name, language) for name in used | {"confirm"} for language in LANGUAGES
    }
    assert all({"subject", "preheader"} <= file.header.keys() for file in whole)


def test_marketing_mail_shows_how_to_stop_and_who_sends() -> None:
    """Where no condition can hide it: the facts that the gate asks for. Service mail names the sender too."""
    program = compiled().program
    assert program is not None
    facts = {template.name: template for template in compiled().templates}
    assert all(template.imprint for template in facts.values())
    for graph in program.flows:
        for node in graph.nodes:
            if isinstance(node, Send) and node.topic not in SERVICE:
                assert facts[node.template].unsubscribe, node.template


def test_orders_and_subscriptions_are_answered_whatever_people_agreed_to() -> None:
    """One journey an order; letters within a service flow are on `news` all the same."""
    assert flow("order_updates").purpose == "service"
    assert flow("order_updates").journey_per == "order_id"
    topics = {node.template: node.topic for node in flow("onboarding").nodes if isinstance(node, Send)}
    assert {name for name, topic in topics.items() if topic == "subscription"} == {
        "subscription_begins",
        "subscription_changes",
    }


def test_all_topics_and_purposes_are_named_in_all_languages() -> None:
    """Titles everywhere, consent sentences for what asks for consent."""
    program = compiled().program
    assert program is not None
    wording = read_wording(KAFIJA, settings().languages, program.topics, settings().purposes)
    assert all(tuple(words.title) == LANGUAGES for words in wording.values())
    assert {name: tuple(words.consent) for name, words in wording.items()} == {
        **dict.fromkeys(("news", "offers", "guide", "personalisation", "measurement"), LANGUAGES),
        **dict.fromkeys(SERVICE, ()),
    }


def test_nothing_secret_and_no_store_is_committed() -> None:
    """Keys and stores are named in `.gitignore`, and the sample is not among the stores."""
    ignored = (KAFIJA / ".gitignore").read_text().split()
    assert settings().keys.file in ignored
    assert f"{settings().stores.folder}/" in ignored
    assert settings().stores.folder != "data"
