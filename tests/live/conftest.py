"""What the live tests need: a real browser, and `virta serve` in a process of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "virta"))  # `serving` starts and stops processes there too

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, which is installed where that can be done without asking."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    apt = shutil.which("apt-get")
    if found is None and apt is not None and os.geteuid() == 0:
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(
                [apt, "--quiet", *words], check=True, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            )
        found = shutil.which("chromium")
    if found is None:
        pytest.fail(
            "The live test needs Chromium, and none was found. Install it, as in `sudo apt-get install "
            "chromium`, so that `chromium` or `chromium-browser` can be called.",
            pytrace=False,
        )
    return found


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for one test: while it runs, no other test of this process may have an event loop."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield started
        started.close()
