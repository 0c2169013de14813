"""A browser without network: Debian's Chromium, driven by Playwright, that notes whatever a page asks for."""

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
    """Where Chromium is; it is installed where it is missing and may be, else the test is skipped."""
    if (found := shutil.which("chromium")) is None:
        if os.geteuid() or not shutil.which("apt-get"):
            pytest.skip("there is no chromium, and only root on Debian can install it")
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
        page: Playwright's.
        fetched: what it asked for beyond its own file; all of it was refused.
        errors: what its console and its scripts complained of.
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
    """A file in a browser window of 1400 × 900."""
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
