"""What holds on every page: headers, protection, languages, markup, design."""

import ast
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from house import KEY, LANGUAGES, URL, House
from starlette.requests import Request

import web.subscriber
from web.ui.language import choose
from web.ui.stylesheet import FILE, stylesheet
from web.ui.words import catalogues, spoken
from web.visit import visit_of

pytestmark = pytest.mark.anyio

SUBSCRIBER = Path(web.subscriber.__file__).parent
TEMPLATES = SUBSCRIBER.parent / "ui" / "pages"


async def every_page(house: House, language: str = "en") -> dict[str, str]:
    """One of each kind of page, in a language."""
    found = {}

    async def keep(name: str, method: str, link: str, **more: object) -> None:
        answer = await house.http.request(method, link, **more)
        found[name] = answer.text

    query = f"?language={language}"
    await keep("signup", "GET", f"/signup{query}")
    await keep("faults", "POST", f"/signup{query}", data={"email": "x"})
    found["sent"] = (await house.sign_up("anna@example.com", language=language)).text
    [(confirm, refuse)] = await house.mailed()
    await keep("confirm", "GET", confirm + query)
    await keep("confirmed", "POST", confirm + query)
    await keep("used", "GET", confirm + query)
    [subject] = await house.consent.subjects(["anna@example.com"])
    await keep("preferences", "GET", house.preferences(subject) + query)
    data = {"save": "yes", "topic": ["newsletter", "offers"], "language": language}
    await keep("chosen", "POST", house.preferences(subject) + query, data=data)
    await keep("unsubscribe", "GET", house.unsubscribe(subject) + query)
    await keep("unclear", "POST", house.unsubscribe(subject) + query)
    await keep("stopped", "POST", house.unsubscribe(subject) + query, data={"stop": "all"})
    await house.sign_up("berta@example.com", language=language)
    [(_, refuse)] = await house.mailed()
    await keep("refuse", "GET", refuse + query)
    await keep("refused", "POST", refuse + query)
    await keep("missing", "GET", "/nothing" + query)
    await keep("unknown", "GET", "/c/x" + query)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_says_its_language_and_needs_no_script(house: House, language: str):
    """No script, no inline style, one heading, one main part, a title; all controls are labelled."""
    for name, page in (await every_page(house, language)).items():
        assert page.startswith(f'<!doctype html>\n<html lang="{language}">'), name
        assert not re.search(r"<script|\son\w+=|\sstyle=|<style|javascript:", page), name
        assert page.count("<h1") == page.count("<main") == page.count("<title>") == 1, name
        assert 'name="viewport"' in page, name
        for field in re.findall(r"<(?:input|select)\b[^>]*>", page):
            if 'type="hidden"' not in field:
                identity = re.search(r'id="([^"]+)"', field)
                assert f'for="{identity[1]}"' in page, (name, field)
        identities = re.findall(r'\sid="([^"]+)"', page)
        assert len(identities) == len(set(identities)), name
        for reference in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page):
            assert set(reference.split()) <= set(identities), (name, reference)
        for anchor in re.findall(r'href="#([^"]+)"', page):
            assert anchor in identities, (name, anchor)


async def test_every_answer_carries_the_security_headers_and_is_not_kept(house: House):
    """Pages, faults and the API alike."""
    answers = [
        await house.http.get("/signup"),
        await house.http.get("/c/x"),
        await house.http.get("/nothing"),
        await house.http.post("/c/x", headers={"Sec-Fetch-Site": "cross-site"}),
        await house.http.get("/health"),
        await house.http.post("/v1/events", json={}, headers={"Authorization": f"Bearer {KEY}"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": URL}, True),
        ({"Origin": URL}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
async def test_another_site_cannot_send_a_form(house: House, headers: dict[str, str], passes: bool):
    """A browser says where a form comes from; what comes without a word is no browser."""
    for page in ("/signup", "/c/x", "/r/x", "/p/x"):
        answer = await house.http.post(page, data={"save": "yes"}, headers=headers)
        assert (answer.status_code != 403) is passes
        assert ("did not come from our page" in answer.text) is not passes


async def test_forms_that_are_too_large_or_broken_are_refused_with_a_page(house: House):
    """413 and 400, and nothing else happens."""
    before = house.everything_stored()
    for link in ("/signup", "/u/x", "/p/x"):
        answer = await house.http.post(link, content=b"x" * 70_000)
        assert answer.status_code == 413
        broken = {"Content-Type": "multipart/form-data"}
        answer = await house.http.post(link, content=b"--x", headers=broken)
        assert answer.status_code == 400
        answer = await house.http.post(link, content=b"a=1&" * 300)
        assert answer.status_code == 400
        assert "could not be read" in answer.text
    assert house.everything_stored() == before


async def test_the_stylesheet_may_be_kept_for_ever_under_its_name(house: House):
    """A change of its bytes changes the name; other names are not found."""
    path, content = stylesheet()
    assert path in (await house.http.get("/signup")).text
    answer = await house.http.get(path)
    assert answer.content == content
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert (await house.http.get("/ui/style.0123456789abcdef.css")).status_code == 404


async def test_health_says_that_the_process_answers(house: House):
    """And no more."""
    answer = await house.http.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_slash_at_the_end_is_not_redirected(house: House):
    """A redirect built from the Host header could lead anywhere."""
    for link in ("/signup/", "/v1/events/", "//elsewhere.example/signup/"):
        assert (await house.http.get(link, headers={"Host": "elsewhere.example"})).status_code == 404


def request_with(**headers: str) -> Request:
    """A request from 192.0.2.7 to kafija.example."""
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"host", b"kafija.example"))
    return Request({"type": "http", "headers": raw, "client": ("192.0.2.7", 5000)})


def test_the_peers_own_address_is_evidence_whatever_the_headers_say():
    """Forwarding headers are the client's own words."""
    visit = visit_of(
        request_with(X_Forwarded_For="203.0.113.9", Forwarded="for=203.0.113.9", User_Agent="Browser 1.0")
    )
    assert (visit.ip, visit.user_agent) == ("192.0.2.7", "Browser 1.0")


def test_our_own_pages_are_no_referrer():
    """Their URL may hold a token; where someone came from is another site."""
    assert visit_of(request_with(Referer="https://kafija.example/c/secret")).referrer == ""
    assert (
        visit_of(request_with(Referer="https://blog.example/coffee")).referrer
        == "https://blog.example/coffee"
    )
    assert visit_of(request_with(Referer="http://[broken")).referrer == ""


# ---------------------------------------------------------------- words


def fillings(text: str) -> set[str]:
    """The names in a text's `{…}`."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_catalogue_has_the_same_keys_and_fillings():
    """English sets them; nothing is empty."""
    english = catalogues()["en"]
    for language, words in catalogues().items():
        assert words.keys() == english.keys(), language
        for section in english:
            assert words[section].keys() == english[section].keys(), (language, section)
            for key, text in words[section].items():
                assert text.strip(), (language, section, key)
                assert fillings(text) == fillings(english[section][key]), (language, section, key)


def test_nine_languages_are_spoken():
    """Each under the name that it has for itself, and none in words of another."""
    assert set(catalogues()) == {"en", "lv", "fi", "uz", "et", "lt", "ru", "sv", "de"}
    names = [words["meta"]["name"] for words in catalogues().values()]
    assert len(set(names)) == len(names)
    leads = [words["signup"]["lead"] for words in catalogues().values()]
    assert len(set(leads)) == len(leads)


def test_no_words_are_left_over():
    """Each key is used by a template, by name or through a table of the problem pages."""
    sources = "".join(path.read_text("utf-8") for path in TEMPLATES.glob("*.html"))
    sources += "".join(path.read_text("utf-8") for path in SUBSCRIBER.glob("*.py"))
    for section, words in catalogues()["en"].items():
        for key in words:
            used = key in sources
            for prefix in ("fault_", "state_"):
                used |= key.startswith(prefix) and f'"{prefix}"' in sources
            for suffix in ("_title", "_text"):
                used |= key.endswith(suffix) and f'"{key.removesuffix(suffix)}"' in sources
            used |= (section, key) in {("meta", "name")}
            used |= section == "problem" and key.startswith("broken_")
            assert used, (section, key)


def test_a_project_in_a_language_without_a_catalogue_gets_english_pages():
    """And the project's order decides which language is the default."""
    assert spoken(("pl", "fi", "en")) == ("fi", "en")
    assert spoken(("pl",)) == ("en",)


@pytest.mark.parametrize(
    ("wishes", "accepted", "language"),
    [
        (("lv",), "fi", "lv"),
        (("", "fi"), "lv", "fi"),
        (("xx",), "fi-FI", "fi"),
        ((), "lv;q=0.5, fi;q=0.6", "fi"),
        ((), "lv;q=0, xx", "en"),
        ((), "*", "en"),
        ((), "LV", "lv"),
        ((), "lv;q=nonsense, fi;q=0.1", "fi"),
        ((), ";;,,=q" * 200, "en"),
    ],
)
def test_the_language_follows_wishes_then_the_browser(wishes, accepted: str, language: str):
    """Nonsense in either falls through to the default."""
    assert choose(LANGUAGES, *wishes, accepted=accepted) == language


# ---------------------------------------------------------------- design


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = ((x / 12.92) if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_word_that_is_kept_on_one_line_stays_in_its_line():
    """What is on a line of its own is told by its place, not by being a `span`: words have those within."""
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", FILE.read_text("utf-8"))
    lines = [selector for names, rule in rules if "display: block" in rule for selector in names.split(",")]
    assert not [one for one in lines if re.search(r"(?<!>) span$", one.strip())], lines


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_the_contrast_that_wcag_asks_for(scheme: str):
    """4.5 for text (1.4.3), 3 for the borders of controls and the focus ring (1.4.11)."""
    light, dark = re.findall(r":root \{(.*?)\}", FILE.read_text("utf-8"), re.DOTALL)
    block = light if scheme == "light" else dark
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    text = [
        *((ink, ground) for ink in ("ink", "quiet", "accent", "fault") for ground in ("card", "paper")),
        ("ink", "wash"),
        ("quiet", "wash"),
        ("accent-strong", "wash"),
        ("fault", "fault-wash"),
        ("ink", "fault-wash"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
    ]
    for ink, ground in text:
        assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    for edge, ground in (("edge", "card"), ("accent", "card"), ("accent", "paper"), ("accent", "wash")):
        assert contrast(colour[edge], colour[ground]) >= 3, (edge, ground)


# ---------------------------------------------------------------- layers


def test_the_subscribers_pages_import_neither_the_engine_nor_the_language():
    """Of consent only the client and the contract: so they answer while the engine is down."""
    for path in SUBSCRIBER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] not in ("engine", "dsl", "virta"), path
                assert not name.startswith("consent") or name in ("consent.client", "consent.contract"), path
                assert not name.startswith("web.api"), path


def test_loading_the_subscribers_pages_loads_neither_the_engine_nor_the_language():
    """Nor does anything that they import."""
    code = (
        "import sys, web.subscriber.routes; "
        "print([name for name in sys.modules if name.split('.')[0] in ('engine', 'dsl', 'virta')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
