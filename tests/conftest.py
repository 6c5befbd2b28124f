"""What the tests share: one cache, the sample's results, one run of its reviews; and a plain word on what did not run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data_samples"
HOW = {  # what a skip's reason says, and how to get the tests that it left out
    "Chromium": "install it (`apt-get install chromium`) or name it: OPSREVIEW_CHROMIUM=/path/to/chromium",
    "OPSREVIEW_SHARED": "put the real stores beside the checkout as `shared`, or name the folder: OPSREVIEW_SHARED=/path/to/shared",
}


def pytest_configure(config: pytest.Config) -> None:
    """One cache for all tests, their kernels and their processes; a preset one is kept."""
    if not os.environ.get("OPSREVIEW_CACHE"):
        made = os.environ["OPSREVIEW_CACHE"] = tempfile.mkdtemp(prefix="opsreview-tests-")
        config.add_cleanup(lambda: shutil.rmtree(made, ignore_errors=True))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real stores; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("OPSREVIEW_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("no real stores: OPSREVIEW_SHARED names no folder, and none lies beside the checkout")
    return folder


@pytest.fixture(scope="session")
def sample_results():
    """What a run of the sample's newest week knows."""
    from opsreview.results import open_results

    return open_results(SAMPLE)


@pytest.fixture(scope="session")
def reports() -> Path:
    """A run of the sample's newest week with all its pages, and of its month: the folder that holds theirs and the index. Made once."""
    from opsreview.run import run_month, run_week

    out = Path(os.environ["OPSREVIEW_CACHE"]) / f"reports-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    with FileLock(f"{out}.lock"):
        if not (out / "index.html").is_file():
            for run in (run_month, run_week):
                run(SAMPLE, "", out, decisions_dir=str(out.with_name(f"{out.name}-decisions")))
    return out


def pytest_terminal_summary(terminalreporter) -> None:
    """Which tests did not run, why, and how to get them."""
    skipped = Counter(str(r.longrepr[2]).removeprefix("Skipped: ") for r in terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.section("not run")
    for reason, n in skipped.most_common():
        how = next((h for word, h in HOW.items() if word in reason), "")
        terminalreporter.write_line(f"{n} test{'s' if n > 1 else ''}: {reason}{f'. To run them: {how}' if how else ''}")
