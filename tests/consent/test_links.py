"""Tokens in links: scopes, forgery, age, keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from consent.contract import LinkRefused
from consent.ledger.tokens import Scope, Tokens

ANNA = "0123456789abcdef" * 2
OLD, NEW = b"o" * 32, b"n" * 32


def tokens(keys=(OLD,), now=1_772_442_000_000):
    """Tokens of a clock that stands."""
    return Tokens("https://kafija.example/", keys, lambda: now)


def token(url):
    """The last part of a link."""
    return url.rpartition("/")[2]


def every(made):
    """A token of each scope."""
    return {
        Scope.CONFIRM: token(made.request(Scope.CONFIRM, ANNA)),
        Scope.REFUSE: token(made.request(Scope.REFUSE, ANNA)),
        Scope.UNSUBSCRIBE: token(made.unsubscribe(ANNA, "news")),
        Scope.PREFERENCES: token(made.preferences(ANNA)),
    }


def test_links_lead_to_the_page_of_their_scope():
    """`/c/`, `/r/`, `/u/` and `/p/` under the public address."""
    made = tokens()
    assert made.request(Scope.CONFIRM, ANNA).startswith("https://kafija.example/c/")
    assert made.request(Scope.REFUSE, ANNA).startswith("https://kafija.example/r/")
    assert made.unsubscribe(ANNA, "news").startswith("https://kafija.example/u/")
    assert made.preferences(ANNA).startswith("https://kafija.example/p/")


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_is_good_for_its_own_scope_only(scope):
    """Every other scope calls it unknown."""
    made = tokens()
    held = every(made)[scope]
    readers = {
        Scope.CONFIRM: lambda t: made.read_request(t, Scope.CONFIRM),
        Scope.REFUSE: lambda t: made.read_request(t, Scope.REFUSE),
        Scope.UNSUBSCRIBE: made.read_unsubscribe,
        Scope.PREFERENCES: made.read_preferences,
    }
    for other, read in readers.items():
        if other is scope:
            assert read(held)
        else:
            with pytest.raises(LinkRefused) as fault:
                read(held)
            assert fault.value.reason == "unknown"


def test_preferences_links_live_thirty_days():
    """To the second, and then they have expired."""
    born = 1_772_442_000_000
    held = token(tokens(now=born).preferences(ANNA))
    month = 30 * 86_400_000
    assert tokens(now=born + month).read_preferences(held) == (ANNA, born)
    with pytest.raises(LinkRefused) as fault:
        tokens(now=born + month + 1000).read_preferences(held)
    assert fault.value.reason == "expired"
    later = token(tokens(now=born + month).preferences(ANNA))
    assert tokens(now=born).read_preferences(later) == (ANNA, born + month)  # a clock was set back


def test_old_keys_verify_and_the_newest_signs():
    """Keys are added and never dropped; a dropped one makes its links dead."""
    before = every(tokens((OLD,)))
    both = tokens((OLD, NEW))
    assert both.read_unsubscribe(before[Scope.UNSUBSCRIBE]) == (ANNA, "news")
    assert both.read_request(before[Scope.CONFIRM], Scope.CONFIRM) == ANNA
    assert both.read_preferences(before[Scope.PREFERENCES])[0] == ANNA
    assert tokens((NEW,)).read_unsubscribe(every(both)[Scope.UNSUBSCRIBE]) == (ANNA, "news")
    with pytest.raises(LinkRefused):
        tokens((NEW,)).read_unsubscribe(before[Scope.UNSUBSCRIBE])


def test_signatures_are_those_that_the_library_makes_by_itself():
    """Keeping the derived key changes nothing but the time it takes."""
    from hashlib import sha256

    plain = Signer(OLD, salt=b"virta/unsubscribe/v1", key_derivation="hmac", digest_method=sha256)
    held = token(tokens().unsubscribe(ANNA, "news"))
    assert plain.validate(held)
    dated = Signer(OLD, salt=b"virta/preferences/v1", key_derivation="hmac", digest_method=sha256)
    assert dated.validate(token(tokens().preferences(ANNA)))
    long = b"k" * 65
    wide = Signer(long, salt=b"virta/unsubscribe/v1", key_derivation="hmac", digest_method=sha256)
    assert wide.validate(token(tokens((long,)).unsubscribe(ANNA, "news")))


@pytest.mark.parametrize("scope", list(Scope))
def test_a_changed_token_is_refused(scope):
    """Whichever sign of it, be it what is signed or the signature; cut short, and with something behind."""
    made = tokens()
    held = every(made)[scope]
    read = {Scope.UNSUBSCRIBE: made.read_unsubscribe, Scope.PREFERENCES: made.read_preferences}.get(
        scope, lambda text: made.read_request(text, scope)
    )
    assert read(held)
    changed = {f"{held[:n]}{'A' if sign != 'A' else 'B'}{held[n + 1 :]}" for n, sign in enumerate(held[:-1])}
    for text in (*changed, held[:-1], held[1:], f"{held}AAAA", held.partition(".")[0]):
        with pytest.raises(LinkRefused):
            read(text)


@given(st.text(max_size=40))
def test_any_topic_survives_a_link(topic):
    """Letters of every alphabet, and none at all."""
    assert tokens().read_unsubscribe(token(tokens().unsubscribe(ANNA, topic))) == (ANNA, topic)


@given(st.binary(max_size=60))
def test_noise_is_refused(noise):
    """Whatever someone types behind the slash."""
    text = noise.decode("latin-1")
    for read in (tokens().read_unsubscribe, tokens().read_preferences):
        with pytest.raises(LinkRefused):
            read(text)
    with pytest.raises(LinkRefused):
        tokens().read_request(text, Scope.CONFIRM, Scope.REFUSE)
