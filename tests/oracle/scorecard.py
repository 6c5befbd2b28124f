"""Every KPI of kpis.md at every grain of the catalog, with its n/a rules."""

from __future__ import annotations

import math

import pandas as pd
from opsreview import catalog
from opsreview.weeks import Window

from . import forecast, fulfillment, margin, returns, risk, service, stock
from .figures import NONE
from .read import Known

COLUMNS = ["kpi", "grain", "key", "value", "numerator", "denominator"]


def sayable(known: Known, kpi: catalog.Kpi, days: int) -> bool:
    """ "A KPI is n/a when a table it stands on, or an optional column it stands on, has no export in a week that its window covers …, or
    when its window begins before the first exported week" """
    window = Window(known.trailing(days, kpi.ended_days_ago).start, known.week.end)
    return not known.stopped and window.start >= known.first.monday and all(known.has(need, window) for need in kpi.needs)


def _table(known: Known, found: dict[str, dict], days) -> pd.DataFrame:
    rows = []
    for kpi in catalog.kpis().values():
        figures = found.get(kpi.id, {}) if sayable(known, kpi, days(kpi)) else {}
        figures = {("all", ""): NONE} | {g: f for g, f in figures.items() if g[0] in ("all", *kpi.grains)}
        rows += [(kpi.id, *group, *(math.nan if x is None else float(x) for x in figure)) for group, figure in figures.items()]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(COLUMNS[:3], ignore_index=True)


def kpis(known: Known) -> pd.DataFrame:
    """Every figure of the week: kpi, grain, key, value, numerator, denominator (NaN = n/a); a row of grain `all` always exists."""
    found: dict[str, dict] = {}
    for module in (forecast, stock, risk, fulfillment, service, returns, margin):
        found |= module.figures(known)
    return _table(known, found, lambda kpi: kpi.window)


def weekly_alone(known: Known) -> pd.DataFrame:
    """What the charts show. "A KPI whose window is longer than a week is charted by its value over the week alone" """
    found: dict[str, dict] = {}
    for module in (forecast, stock, risk, returns):
        found |= module.figures(known, alone=True)
    for module in (fulfillment, service, margin):
        found |= module.figures(known)

    def days(kpi: catalog.Kpi) -> int:
        if kpi.id.startswith("forecast_value_added"):
            return 14  # the week, and the one before it that is the naive forecast
        return kpi.charted_over or kpi.window

    return _table(known, found, days)
