"""The product's figures, asked for the way the oracle's are, and how the two are held against each other."""

from __future__ import annotations

import math
from pathlib import Path

import oracle
import pandas as pd
from opsreview import catalog, leaks, ledger, scorecard
from opsreview.books import Books
from opsreview.intake.schema import TABLES
from opsreview.intake.store import open_exports
from opsreview.margin import order_margin
from opsreview.settings import Settings
from opsreview.weeks import Week

FIGURE = ["kpi", "grain", "key"]
PARTS = ["value", "numerator", "denominator"]


class Product:
    """An exports folder as the product reads it."""

    def __init__(self, folder: Path, week: Week, settings: Settings, cache: Path, plans: dict | None = None) -> None:
        self.week, self.settings = week, settings
        self.exports = open_exports(folder, week, settings, cache)
        self._plans: dict = {} if plans is None else plans
        if plans:  # the queries that others compiled find every table there
            for table in TABLES:
                self.exports.rows(table)

    def books(self, week: Week | None = None) -> Books:
        return Books(self.exports.known(week or self.week), self.settings, self._plans)

    def kpis(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(published, charted over the week alone)."""
        published, charted, _ = scorecard.scorecard(self.books())
        return published, charted

    def kpi(self, name: str, monkeypatch) -> pd.DataFrame:
        """One KPI's figures."""
        monkeypatch.setattr(scorecard, "catalog_kpis", lambda: {name: catalog.kpis()[name]})
        return scorecard.scorecard(self.books())[0]

    def order_margin(self) -> pd.DataFrame:
        return order_margin(self.books(), self.week.window).to_pandas()

    def leak(self, name: str, monkeypatch) -> float:
        """One part of the ledger, of those that the week itself says."""
        monkeypatch.setattr(leaks, "PARTS", tuple(part for part in leaks.PARTS if part.name == name))
        return leaks.measured(self.books())["amount"].iloc[0]

    def ledgers(self, known: oracle.Known) -> dict[Week, pd.DataFrame]:
        """leaks.csv of every week up to this one, oldest first, each from the weeks before it."""
        past, found = [], {}
        for week in self.exports.weeks:
            books = self.books(week)
            parts, cells = leaks.measured(books), leaks.cells(books)
            net = sum(row.net_revenue for row in oracle.order_margin(known.at(week)))
            rows = ledger.ledger(str(week), parts, cells, past[-ledger.HISTORY :], net)
            past.append({"amounts": ledger.amounts(rows), "cells": cells})
            found[week] = rows
            books.close()
        return found


def differences(expected: pd.DataFrame, found: pd.DataFrame, keys: list[str], columns: list[str], rel: float = 1e-9) -> list[tuple]:
    """(keys…, column, expected, found) of every number that differs. A row that says n/a may as well be missing."""
    said = [frame[frame[columns].notna().any(axis=1)] if "value" not in columns else _said(frame) for frame in (expected, found)]
    both = said[0].merge(said[1], on=keys, how="outer", suffixes=("_expected", "_found"))
    out = []
    for row in both.to_dict("records"):
        for column in columns:
            a, b = (float(math.nan if row[f"{column}_{side}"] is None else row[f"{column}_{side}"]) for side in ("expected", "found"))
            if not (math.isnan(a) and math.isnan(b)) and not math.isclose(a, b, rel_tol=rel, abs_tol=1e-9):
                out.append((*(row[k] for k in keys), column, a, b))
    return out


def _said(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["value"].notna() | (frame["grain"] == "all")]


def frame(rows: list[oracle.Row]) -> pd.DataFrame:
    return pd.DataFrame([dict(r) for r in rows])
