"""A week's figures, measured once and kept by content: what one run of a week works out from the exports up to it, and the weeks before.

Past values are what a run of the past week gives, so every week is measured from its own knowledge; a cache by content keeps that cheap.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs

from opsreview import change, development, engine, gaps, leaks, statistics
from opsreview.books import Books, Plans
from opsreview.catalog import kpis
from opsreview.checks import Context
from opsreview.demand import forecast
from opsreview.evidence import frames
from opsreview.facts.warehouse import by_role
from opsreview.findings import LOOK_BACK, carried, found_this_week
from opsreview.judgement import judge_kpis
from opsreview.ledger import HISTORY, amounts, ledger
from opsreview.provenance import of_lines, provenance
from opsreview.reconcile import COLUMNS as BRIDGES
from opsreview.reconcile import bridges
from opsreview.scorecard import COLUMNS, published, scorecard
from opsreview.settings import Settings
from opsreview.weeks import Week

Progress = Callable[[str, int, int], None]
FIRST_OUTCOME = 4  # the KPI sets before it are of stock and plans as they stood
# A finding's state looks back over weeks that each look back over a history of their own.
DEPTH = statistics.HISTORY + LOOK_BACK
# What decides what is kept: a change to the pages measures nothing again, a change to a check no figure.
FIGURES = (
    "books.py", "change.py", "catalog.py", "catalog.toml", "demand.py", "development.py", "facts", "kpis", "leaks.py", "margin.py",
    "measure.py", "plans.py", "provenance.py", "scorecard.py", "settings.py", "weeks.py",
)  # fmt: skip
CHECKS = ("checks", "findings.py", "gaps.py", "formats.py", "statistics.py", "reconcile.py", "intake/arrivals.py")
SOURCES = {
    "card": FIGURES, "found": (*FIGURES, *CHECKS), "evidence": (*FIGURES, *CHECKS, "evidence", "bills.py", "proposals.py"),
    "summary": (*FIGURES, "intake", "judgement.py", "ledger.py", "statistics.py"),
}  # fmt: skip

ORDER_MARGIN = (
    "order_id", "line_id", "sku", "family", "channel", "units", "net_revenue", "cost_of_goods", "gross_margin", "packaging", "shipping",
    "pick_pack", "payment", "channel_fees", "support", "returns_reserve", "contribution_margin", "shipping_provenance",
    "cost_of_goods_kind", "packaging_kind", "shipping_kind", "pick_pack_kind", "payment_kind", "channel_fees_kind", "support_kind",
    "returns_reserve_kind", "measured", "contracted", "accrued", "allocated",
)  # fmt: skip


def cache_folder() -> Path:
    """Where what was read and measured is kept: safe to delete. `OPSREVIEW_CACHE` moves it."""
    return Path(os.environ.get("OPSREVIEW_CACHE") or platformdirs.user_cache_dir("opsreview"))


@cache
def _code(kind: str) -> str:
    digest = hashlib.sha256()
    root = Path(str(resources.files("opsreview")))
    for name in SOURCES[kind]:
        for file in sorted([root / name] if (root / name).is_file() else (root / name).rglob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def definitions() -> str:
    """A short hash of the code that decides figures: two runs with the same define them alike."""
    return _code("card")[:16]


class Kept:
    """Frames and facts of one week in the cache, a file each; complete or not there at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def there(self) -> bool:
        """Whether every file is there that was written; a cache may be deleted, in part too."""
        try:
            return all((self.folder / name).is_file() for name in (self.folder / "done").read_text(encoding="utf-8").split())
        except OSError:
            return False

    def save(self, frames: dict[str, pd.DataFrame], facts: dict[str, Any], files: dict[str, Callable[[Path], Any]] | None = None) -> None:
        """Written beside and moved into place in one rename; another process that was quicker wins.

        `files`: what the engine writes itself, by name, each a function of the path.
        """
        draft = self.folder.with_name(f"{self.folder.name}.{os.getpid()}.part")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for name, frame in frames.items():
            frame.to_parquet(draft / f"{name}.parquet", index=False)
        for name, write in (files or {}).items():
            write(draft / name)
        (draft / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        names = sorted(path.name for path in draft.iterdir())
        (draft / "done").write_text("\n".join(names), encoding="utf-8")
        if not self.there:
            shutil.rmtree(self.folder, ignore_errors=True)
        try:
            draft.rename(self.folder)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)

    def frame(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads((self.folder / "facts.json").read_text(encoding="utf-8"))


class Measured:
    """What the run of a week measured, week by week: the weeks before it, their scorecards, leaks and raw findings, and its evidence."""

    def __init__(self, exports: Any, settings: Settings, cache_at: Path, progress: Progress | None = None) -> None:
        self.exports, self.settings = exports, settings
        self.week: Week = exports.upto
        self._cache = cache_at / "weeks"
        self._cache.mkdir(parents=True, exist_ok=True)
        self._progress = progress or (lambda text, done, of: None)
        first = max(exports.weeks[0], self.week - (DEPTH - 1))
        self.weeks = [first + i for i in range((self.week.monday - first.monday).days // 7 + 1)]
        tables = dict.fromkeys(source.table for source in exports.usable)
        engine.steady(exports.con, max((exports.resolved(table).note["rows"] for table in tables), default=0))
        self._books: dict[Week, Books] = {}
        self._plans: Plans = {}
        self._measure()

    def _kept(self, kind: str, week: Week, code: str = "") -> Kept:
        key = "\0".join((kind, str(week), self.exports.fingerprint(week), self.settings.model_dump_json(), _code(code or kind)))
        return Kept(self._cache / hashlib.sha256(key.encode()).hexdigest()[:32])

    def books(self, week: Week) -> Books:
        """A week's knowledge; the newest asked for is kept open, the others are closed."""
        if week not in self._books:
            for other in list(self._books):
                self._books.pop(other).close()
            self._books[week] = Books(self.exports.known(week), self.settings, self._plans)
        return self._books[week]

    def _measure(self) -> None:
        self.cards: dict[Week, Kept] = {}
        self.raw: dict[str, pd.DataFrame] = {}
        self.came: dict[str, dict[str, Any]] = {}  # `gaps.of` each week: what is unanswered, what stands in for what, what ended early
        self.bridges: dict[str, pd.DataFrame] = {}  # what each week's control totals came to, as it was known then
        for n, week in enumerate(self.weeks, start=1):
            self._progress(f"measuring {week}", n - 1, len(self.weeks))
            self.cards[week] = self._card(week)
            if week > self.week - LOOK_BACK - 1:
                found = self._found(week)
                self.raw[str(week)], self.bridges[str(week)] = found.frame("found"), found.frame("bridges")
                self.came[str(week)] = found.facts
        self.raw = carried(self.raw, {week: came["unanswered"] for week, came in self.came.items()})
        self.final = self._evidence()
        self.summary = self._summary()
        for books in self._books.values():
            books.close()
        self._books.clear()
        self._progress("measured", len(self.weeks), len(self.weeks))

    def _card(self, week: Week) -> Kept:
        kept = self._kept("card", week)
        if not kept.there:
            if week not in self.exports.weeks or self.exports.known(week).stopped:
                empty, none = pd.DataFrame(columns=COLUMNS), dict.fromkeys(("parts", "cells", "sold", "labor"), pd.DataFrame())
                kept.save({"published": empty, "charted": empty, **none}, {"missing": {}})
            else:
                books = self.books(week)
                published, charted, missing = scorecard(books)
                kept.save(
                    {
                        "published": published,
                        "charted": charted,
                        "parts": leaks.measured(books),
                        "cells": leaks.cells(books),
                        "sold": change.cells(books),
                        "labor": by_role(books),
                    },
                    {"missing": missing},
                )
        return kept

    def _found(self, week: Week) -> Kept:
        kept = self._kept("found", week)
        if not kept.there:
            card = self.cards[week].frame("published")
            if card.empty:
                kept.save({"found": pd.DataFrame(columns=["check", "entity"]), "bridges": pd.DataFrame(columns=BRIDGES)}, gaps.NOTHING)
            else:
                past = self.stack("charted", [w for w in self.weeks if week - statistics.HISTORY < w < week])
                found = found_this_week(Context(self.books(week), card, past))
                kept.save({"found": found, "bridges": bridges(self.books(week))}, gaps.of(self.books(week)))
        return kept

    def _evidence(self) -> Kept:
        kept = self._kept("evidence", self.week)
        if not kept.there:
            books = self.books(self.week)
            out = {}
            for name, build in frames().items():
                self._progress(f"gathering {name.replace('_', ' ')}", len(self.weeks) - 1, len(self.weeks))
                out[name] = build(books)
            out["forecast"] = forecast(books)
            out |= {
                "shipping_profile": change.profile(books),
                "late_triangle": development.triangle(books),
                "late_parcels": development.parcels(books),
            }
            lines = of_lines(provenance(books, books.week.window)).select(*ORDER_MARGIN).order_by("order_id", "line_id")
            kept.save(out, {}, {"order_margin.parquet": lambda path: lines.to_parquet(str(path), compression="zstd")})
        return kept

    def as_become(self, week: Week) -> pd.DataFrame:
        """The scorecard of an earlier week with what is known now, of the KPIs that hang on what came after (sets 4 to 8)."""
        kept = self._kept(f"as become by {self.exports.fingerprint(self.week)}", week, "card")
        if not kept.there:
            books = Books(self.exports.hindsight(week), self.settings, self._plans)
            kept.save({"figures": published(books, [name for name, kpi in kpis().items() if kpi.set >= FIRST_OUTCOME])}, {})
            books.close()
        return kept.frame("figures")

    def stack(self, name: str, weeks: list[Week]) -> pd.DataFrame:
        """The scorecards of several weeks under one another, with their `week`."""
        parts = [self.cards[w].frame(name).assign(week=str(w)) for w in weeks]
        parts = [p for p in parts if len(p)] or [pd.DataFrame(columns=[*COLUMNS, "week"])]
        return pd.concat(parts, ignore_index=True)

    def _summary(self) -> Kept:
        """What a page of the week says of all of it: kpis, history, leaks, freshness, unknown_skus."""
        kept = self._kept("summary", self.week)
        if not kept.there:
            kpis, history = self._judged()
            freshness, unknown = self.exports.freshness, self.exports.unknown_skus
            kept.save({"kpis": kpis, "history": history, "leaks": self._ledgers(), "freshness": freshness, "unknown_skus": unknown}, {})
        return kept

    def _judged(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """kpis.csv and the history behind its signals."""
        recent = [w for w in self.weeks if w > self.week - statistics.HISTORY]
        return judge_kpis(self.week, self.stack("published", recent), self.stack("charted", recent), self.settings)

    def _ledgers(self) -> pd.DataFrame:
        """leaks.csv of W and of every week before it that was measured, under one another."""
        past: list[dict[str, Any]] = []
        out = []
        for week in self.weeks:
            card = self.cards[week]
            parts, cells = card.frame("parts"), card.frame("cells")
            if parts.empty:
                past.append({"amounts": {}, "cells": pd.DataFrame()})
                continue
            published = card.frame("published")
            net = published.loc[(published["kpi"] == "net_revenue") & (published["grain"] == "all"), "value"]
            rows = ledger(str(week), parts, cells, past[-HISTORY:], None if net.isna().all() else float(net.iloc[0]))
            past.append({"amounts": amounts(rows), "cells": cells})
            out.append(rows)
        return pd.concat(out, ignore_index=True)
