"""The files of docs/deploying are ones that their programs take."""

import re
import shutil
import subprocess
from pathlib import Path

import crossplane
import pytest

from virta.command import run
from virta.consent_settings import Consent
from virta.settings import Serving, read_settings
from virta.stores_settings import Stores

PLACE = Path(__file__).parents[2] / "docs" / "deploying"
UNITS = ("virta.service", "virta-consent.service")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit(name: str, tmp_path: Path) -> None:
    """Every line of it, with a program in the place of Virta."""
    text = (PLACE / name).read_text("utf-8")
    unit = tmp_path / name
    unit.write_text(re.sub("ExecStart=.*", "ExecStart=/bin/true", text), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    told = [line for line in done.stderr.splitlines() if name in line]
    assert told == []


@pytest.mark.parametrize("name", UNITS)
def test_systemd_waits_longer_than_virta_takes_to_stop(name: str) -> None:
    """So that Virta ends itself."""
    found = re.search(r"^TimeoutStopSec=(\d+)$", (PLACE / name).read_text("utf-8"), re.MULTILINE)
    assert found is not None
    assert int(found[1]) > Serving().stop_seconds


def test_the_page_says_which_folder_a_new_project_writes_into(tmp_path: Path) -> None:
    """The units let Virta write into the folder of the default; that of `virta new` is another."""
    for name in UNITS:
        found = re.search(
            r"^ReadWritePaths=/srv/[\w-]+/(\w+)$", (PLACE / name).read_text("utf-8"), re.MULTILINE
        )
        assert found is not None
        assert found[1] == Stores().folder
    assert run(["new", str(tmp_path / "shop")]) == 0
    made = read_settings(tmp_path / "shop").stores.folder
    page = (PLACE.parent / "deploying.md").read_text("utf-8")
    assert f"a project that `virta new` made says `{made}`" in page


def faults(page: str, folder: Path) -> list[str]:
    """What nginx would find wrong with a page, in words of its own; the lines of a map are no directives."""
    whole = folder / "whole.conf"
    page = re.sub(r"^map .*?^\}$", "", page, flags=re.MULTILINE | re.DOTALL)
    whole.write_text(f"events {{}} http {{\n{page}\n}}", "utf-8")
    told = crossplane.parse(str(whole), strict=True)
    return [fault["error"].split(" in /")[0] for fault in told["errors"]]


def test_each_line_for_nginx_is_one_that_nginx_knows(tmp_path: Path) -> None:
    """By its name, its place and the number of its words; this needs no nginx."""
    page = (PLACE / "nginx.conf").read_text("utf-8")
    assert faults(page, tmp_path) == []
    apart = (PLACE / "nginx-consent.conf").read_text("utf-8")
    assert faults(page.replace("    location / {", f"{apart}\n    location / {{"), tmp_path) == []
    for wrong, told in (
        (page.replace("proxy_pass ", "proxy_pas "), 'unknown directive "proxy_pas"'),
        (page.replace("return 404", "return"), 'invalid number of arguments in "return" directive'),
        (page.replace("location / {", "http {"), '"http" directive is not allowed here'),
        (f"server {{ {page}", 'unexpected end of file, expecting "}"'),
    ):
        assert told in faults(wrong, tmp_path)


def test_nginx_counts_the_visitors_whom_virta_cannot_tell_apart() -> None:
    """As many wishes of each as Virta takes where nothing stands in front, and nothing but wishes."""
    page = (PLACE / "nginx.conf").read_text("utf-8")
    counted = re.search(r'map "\$request_method \$uri" \$signing_up \{(.*?)\}', page, re.DOTALL)
    assert counted is not None
    assert counted[1].split() == ['"POST', '/signup"', "$binary_remote_addr;", "default", '"";']
    assert "limit_req_zone $signing_up zone=signups:10m rate=1r/m;" in page
    burst = re.search(r"limit_req zone=signups burst=(\d+) nodelay;", page)
    assert burst is not None
    assert int(burst[1]) + 1 == Consent().signups_per_visitor == 60


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx itself is not installed")
def test_nginx_takes_its_page(tmp_path: Path) -> None:
    """With a certificate made for the test."""
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mail.kafija.example"]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    text = (PLACE / "nginx.conf").read_text("utf-8").replace("/etc/ssl/kafija", str(tmp_path))
    whole = tmp_path / "whole.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {places} {text} }}", "utf-8")
    done = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(whole)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_neither_proxy_hands_on_what_is_for_the_machine_itself(name: str) -> None:
    """And both say for whom they ask."""
    text = (PLACE / name).read_text("utf-8")
    assert "/metrics" in text
    assert "/studio" in text
    assert "X-Forwarded-For" in text
