"""A run of a week, from exports to the folder that outputs.md describes: read, measure, hold the reviews, put all in place at once."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsreview import __version__, findings, ledger, restatements, trust
from opsreview.catalog import AUDIT, HEALTH, MONTH, REVIEWS
from opsreview.headlines import audit_headline, month_headline, week_headline
from opsreview.month import last_week
from opsreview.publish import run_reviews, week_lock, write_week
from opsreview.results import Results, find_folder, open_results
from opsreview.tablefile import write_csv

NOTEBOOKS = {
    "monday": "monday_demand_inventory.ipynb",
    "wednesday": "wednesday_fulfillment_service.ipynb",
    "friday": "friday_margin_risk.ipynb",
    HEALTH: "exports_health.ipynb",
    AUDIT: "margin_audit.ipynb",
}
MONTHLY = "monthly_operating_review.ipynb"
Progress = Callable[[str, int, int], None]


@dataclass
class Outcome:
    """What a run left behind: the week's folder, each review's headline, and whether the configuration allows all of it."""

    folder: Path
    headlines: dict[str, str]
    complaints: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return 1 if self.complaints else 0


def notebooks_folder() -> Path:
    """The review notebooks: beside the package in a checkout, else in the working folder."""
    beside = Path(__file__).resolve().parents[2] / "notebooks"
    return beside if beside.is_dir() else Path.cwd() / "notebooks"


def run_week(
    exports: Path, week: str, out: Path, config: str = "", decisions_dir: str = "decisions", reviews: Iterable[str] = REVIEWS,
    progress: Progress | None = None,
) -> Outcome:  # fmt: skip
    """Run a week's reviews and write `out/<week>`; the folder is new when this returns and as it was when it raises."""
    say = progress or (lambda text, done, of: None)
    clock = {"start": time.perf_counter()}
    chosen = (*(r for r in REVIEWS if r in set(reviews)), HEALTH)  # every page says what it stands on, and leads there
    if len(chosen) > len(REVIEWS):
        chosen = (*chosen, AUDIT)
    results = open_results(exports, week, config, decisions_dir, progress=say, reading=lambda text: say(text, 0, 0), reports=out)
    clock["measure"] = time.perf_counter()
    parameters = {"week": str(results.week)} | _places(results.exports_dir, config, decisions_dir, out)
    with week_lock(out, results.week, lambda text: say(text, 0, 0)), tempfile.TemporaryDirectory(prefix="opsreview-") as scratch:
        held = run_reviews({r: notebooks_folder() / NOTEBOOKS[r] for r in chosen}, parameters, Path(scratch), lambda text: say(text, 0, 0))
        clock["reviews"] = time.perf_counter()
        headlines = {r: week_headline(results, r)[0] for r in REVIEWS} | {
            HEALTH: trust.headline(results)[0],
            AUDIT: audit_headline(results)[0],
        }
        carried = [f"{r}.{kind}" for r in NOTEBOOKS if r not in chosen for kind in ("html", "ipynb")]
        say("writing pages", 0, 0)
        folder = write_week(out, results.week, files(results, headlines, clock), held, carried)
    return Outcome(folder, {r: headlines[r] for r in chosen}, complaints(results))


def run_month(
    exports: Path, month: str, out: Path, config: str = "", decisions_dir: str = "decisions", progress: Progress | None = None
) -> Outcome:
    """Make the page of a month, `out/<month>/monthly.html`, with its weeks as `month.csv`; all of it or, when this raises, nothing."""
    say = progress or (lambda text, done, of: None)
    folder = find_folder(exports)
    week = str(last_week(folder, month)) if month else ""
    results = open_results(folder, week, config, decisions_dir, progress=say, reading=lambda text: say(text, 0, 0), reports=out)
    name, text = results.month.name, month_headline(results)[0]
    parameters = {"month": name} | _places(folder, config, decisions_dir, out)
    about = {
        "version": __version__,
        "parameters": {"month": name, "week": str(results.week), "exports": folder.name},
        "headlines": {MONTH: text},
    }
    beside = {
        "month.csv": lambda path: write_csv(results.month.weeks(), path),
        "run.json": lambda path: path.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"),
    }
    with week_lock(out, name, lambda text: say(text, 0, 0)), tempfile.TemporaryDirectory(prefix="opsreview-") as scratch:
        held = run_reviews({MONTH: notebooks_folder() / MONTHLY}, parameters, Path(scratch), lambda text: say(text, 0, 0))
        written = write_week(out, name, beside, held)
    return Outcome(written, {MONTH: text})


def _places(exports: Path, config: str, decisions_dir: str, out: Path) -> dict[str, str]:
    """The parameters that every notebook takes: where things are, wherever its kernel runs."""
    return {
        "exports": str(exports.resolve()),
        "config": str(Path(config).resolve()) if config else "",
        "decisions": str(Path(decisions_dir).resolve()),
        "reports": str(out.resolve()),
    }


def files(results: Results, headlines: dict[str, str], clock: dict[str, float]) -> dict[str, Callable[[Path], Any]]:
    """Everything a run writes beside its pages, by file name. `clock`: when the run began, had measured and had held the reviews."""
    frames = {
        "kpis.csv": lambda: results.kpis,
        "findings.csv": lambda: results.findings[findings.COLUMNS],
        "leaks.csv": lambda: results.leaks[ledger.COLUMNS],
        "sku_margin.csv": lambda: results.sku_margin,
        "change.csv": lambda: results.change.assign(week=str(results.week))[["week", *results.change.columns]],
        "inventory.csv": lambda: results.inventory,
        "forecast.csv": lambda: results.forecast,
        "decisions.csv": lambda: results.decisions.drop(columns="per"),
        "restatements.csv": lambda: results.restatements,
    }
    writers: dict[str, Callable[[Path], Any]] = {
        name: (lambda path, frame=frame: write_csv(frame(), path)) for name, frame in frames.items()
    }
    if len(results.reconciliation):
        bridges = results.reconciliation.assign(week=str(results.week))
        bridges = bridges[["week", *bridges.columns.drop("week")]]
        writers["reconciliation.csv"] = lambda path: write_csv(bridges, path)
    if len(documents := results.documents):
        writers["documents.csv"] = lambda path: write_csv(documents, path)
    writers["order_margin.parquet"] = lambda path: shutil.copyfile(results.order_margin, path)
    writers[restatements.FILE] = lambda path: restatements.write(path, results.publications)
    writers["quarantine.csv"] = results.exports.quarantine_csv
    writers["run.json"] = lambda path: path.write_text(
        json.dumps(manifest(results, headlines, _stages(clock)), indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8"
    )
    return writers


def manifest(results: Results, headlines: dict[str, str], seconds: dict[str, float]) -> dict[str, Any]:
    """run.json: what was read, with which settings, what is missing and what that costs."""
    return {
        "version": __version__,
        "parameters": {"week": str(results.week), "exports": results.exports_dir.name},
        "settings": results.settings.model_dump(mode="json"),
        "as_of": f"{results.as_of:%Y-%m-%dT%H:%M:%SZ}",
        "inputs": results.exports.manifest,
        "missing": results.missing,
        "ended_early": results.trust["ended_early"],
        "unrecognised": results.exports.unrecognised,
        "dropped_columns": results.exports.dropped_columns,
        "notices": results.trust["notices"],
        "headlines": headlines,
        "seconds": seconds,
    }


def complaints(results: Results) -> list[str]:
    """What a scheduler should hear of, beyond what `[allow]` lets pass: rows set aside, and figures n/a for want of a table."""
    allow = results.settings.allow
    said = []
    rows = results.trust["rows_quarantined"]
    if rows > allow.quarantined_rows:
        said.append(f"{rows:,} rows set aside in quarantine.csv (allowed: {allow.quarantined_rows:,})")
    costs: dict[str, set[str]] = {}
    for gap in results.missing:
        table = gap["table"].partition(".")[0]
        if gap["costs"] and table not in allow.missing_tables:
            costs.setdefault(table, set()).update(gap["costs"])
    for table, kpis in sorted(costs.items()):
        said.append(f"{len(kpis)} figure{'s' if len(kpis) > 1 else ''} n/a for want of {'earlier weeks' if table == 'exports' else table}")
    return said


def _stages(clock: dict[str, float]) -> dict[str, float]:
    now = time.perf_counter()
    return {
        "read_and_measure": round(clock["measure"] - clock["start"], 2),
        "reviews": round(clock["reviews"] - clock["measure"], 2),
        "total": round(now - clock["start"], 2),
    }
