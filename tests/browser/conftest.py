"""Pages in a real browser, with no network. `page_path` is a page made here and each real one there is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import made_page
import pytest

PAGES = ("monday", "wednesday", "friday", "exports_health", "margin_audit", "monthly")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
NO_BROWSER = "no Chromium: `apt-get install chromium`, or `playwright install chromium`, or set OPSREVIEW_CHROMIUM to its path"


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test installs it")
    found = os.environ.get("OPSREVIEW_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    with playwright.sync_playwright() as play:
        if not found and not Path(play.chromium.executable_path).exists():
            pytest.skip(NO_BROWSER)
        started = play.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def view(browser):
    """Opens a page in a browser of its own: `(page, said, asked)`, which errors the console showed and which requests were attempted."""
    contexts = []

    def open_page(path: Path, width: int = 1440, measured: bool = False):
        context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        contexts.append(context)
        page, said, asked = context.new_page(), [], []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
        if measured:  # what the page's thread spends, whatever else the machine does
            page.measures = context.new_cdp_session(page)
            page.measures.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(path.as_uri())
        return page, said, asked

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(params=["made", *PAGES])
def page_path(request, made) -> Path:
    """The page made here, or a page of the newest week (or month) of OPSREVIEW_REPORTS, else of the sample's run."""
    return made if request.param == "made" else _real(request, request.param)


def _real(request, review: str) -> Path:
    if folder := os.environ.get("OPSREVIEW_REPORTS"):
        out = Path(folder).resolve()
    else:
        try:
            out = Path(request.getfixturevalue("reports"))
        except pytest.FixtureLookupError:
            pytest.skip("no reports: run `make report` and set OPSREVIEW_REPORTS=reports")
    pages = sorted(out.glob(f"{'????-??' if review == 'monthly' else '????-W??'}/{review}.html"))
    if not pages:
        pytest.skip(f"no {review}.html in {out}")
    return pages[-1]


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """The page made here, as a file."""
    path = tmp_path_factory.mktemp("made") / "monday.html"
    path.write_text(made_page.page(), encoding="utf-8")
    return path
