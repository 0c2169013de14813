"""A browser without network access: Debian's Chromium, driven by Playwright, that records every request of a page."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

OWN = ("file:", "data:", "blob:", "about:")


def chromium() -> str:
    """Return the path of Chromium; install it if it is missing and permitted, otherwise skip the test."""
    if (found := shutil.which("chromium")) is None:
        if os.geteuid() or not shutil.which("apt-get"):
            pytest.skip("Chromium is not installed, and only root on Debian can install it")
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "-qq", "update"], **quiet)
        command = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"]
        subprocess.run(command, env=environment, **quiet)
        found = shutil.which("chromium")
    return found


@dataclass
class Browsed:
    """An open page.

    Attributes:
        page: Playwright's page.
        fetched: URLs requested beyond the file itself; every such request is refused.
        errors: messages of the console and of script errors.
    """

    page: Page
    fetched: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def _serve(self, route) -> None:
        if route.request.url.startswith(OWN):
            route.continue_()
        else:
            self.fetched.append(route.request.url)
            route.abort()

    def _hear(self, message) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@contextmanager
def opened(file: Path) -> Iterator[Browsed]:
    """Open a file in a browser window of 1400 × 900."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            browsed = Browsed(browser.new_page(viewport={"width": 1400, "height": 900}))
            browsed.page.route("**/*", browsed._serve)
            browsed.page.on("console", browsed._hear)
            browsed.page.on("pageerror", lambda error: browsed.errors.append(str(error)))
            browsed.page.goto(file.as_uri())
            yield browsed
        finally:
            browser.close()
