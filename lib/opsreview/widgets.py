"""Controls for JupyterLab over the same objects as the reviews: pick a figure, look up a SKU, filter findings. Never in a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opsreview import charts, counted, figures, formats, tables
from opsreview.catalog import kpis
from opsreview.decisions import DECISIONS
from opsreview.exhibits import trend_rows
from opsreview.tables import Html

ANY = "(any)"


def figure_picker(results: Any) -> Any:
    """KPI, grain and key to choose; the trend with its limits below, and what kpis.csv says of it."""
    import ipywidgets as w

    facts = kpis()
    kpi = w.Dropdown(options=[(fact.label, name) for name, fact in facts.items()], description="Figure")
    grain, key = w.Dropdown(description="By"), w.Dropdown(description="Which")

    def grains(_: Any = None) -> None:
        grain.options = ["all", *[g for g in facts[kpi.value].grains if g != "sku"]]
        grain.value = grain.options[0]

    def keys(_: Any = None) -> None:
        key.options = keys_of(results, kpi.value, grain.value or "all")
        key.value = key.options[0]

    kpi.observe(grains, "value")
    grain.observe(keys, "value")
    kpi.observe(keys, "value")
    grains()
    keys()
    return _live(lambda: figure(results, kpi.value, grain.value, key.value), [kpi, grain, key])


def keys_of(results: Any, kpi: str, grain: str) -> list[str]:
    """The keys of a figure at a grain, in order; the whole store has the empty one."""
    rows = results.kpis[(results.kpis.kpi == kpi) & (results.kpis.grain == grain)]
    return sorted(rows.key.unique()) or [""]


def figure(results: Any, kpi: str, grain: str, key: str) -> list[Any]:
    """One figure: its trend, its row of kpis.csv, its question, formula and source."""
    fact, row = kpis()[kpi], figures.value_of(results, kpi, grain, key)
    rows = figures.charted(results, kpi, grain, key)
    said = formats.quantity(row.value if row else None, fact.unit, results.settings.reporting_currency)
    rows = trend_rows(results, rows.assign(series=key or "whole store"))
    title = f"{fact.label}{f', {formats.words(grain)} {key}' if key else ''}: {said} in {results.week}"
    chart = charts.trend(rows, title, fact.unit, fact.label, fact.question, currency=results.settings.reporting_currency)
    about = [f"{figures.formula(fact)}."]
    if row is not None and formats.missing(row.value):
        about.append(f"n/a: {figures.why_missing(results, kpi)}.")
    elif row is not None:
        n = formats.number(row.denominator)
        target = figures.target_words(kpi, key, results.settings) or "none"
        about.append(f"Status {row.status}, target {target}, signal {row.signal}, n {n}, owner {row.owner}.")
    return [*([chart] if chart is not None else []), tables.note(" ".join(about))]


def sku_lookup(results: Any) -> Any:
    """A SKU to type or choose; everything the week knows of it below."""
    import ipywidgets as w

    known = skus(results)
    sku = w.Combobox(options=known, value=known[0] if known else "", placeholder="type a SKU", description="SKU", ensure_option=False)
    return _live(lambda: about_sku(results, sku.value.strip()), [sku])


def skus(results: Any) -> list[str]:
    """Every SKU that the week sold, holds or planned, in order."""
    frames = [results.sku_margin, results.inventory, results.evidence("plan_vs_actual"), results.evidence("sku_rank")]
    return sorted(set().union(*(frame.sku.dropna().astype(str) for frame in frames)))


def about_sku(results: Any, sku: str) -> list[Html]:
    """A SKU's stock by location, plan, margin, returns and findings; a note where nothing is known."""
    currency = results.settings.reporting_currency
    stock = results.inventory[results.inventory.sku == sku]
    plan = results.evidence("plan_vs_actual").pipe(lambda f: f[f.sku == sku])
    margin = results.sku_margin[results.sku_margin.sku == sku]
    found = results.findings[results.findings.entity.astype(str).str.split(r"[@/]").map(lambda parts: sku in parts)]
    parts = [
        tables.table(stock, STOCK, "Stock", currency, empty="none known"),
        tables.table(plan, PLAN, "Plan, 14 days", currency, empty="neither planned nor sold"),
        tables.table(margin, MARGIN, "Margin in the week", currency, empty="not sold in the week"),
        tables.table(found.assign(per=counted.marked(found)), FOUND, "Findings", currency, empty="none this week"),
    ]
    nothing = stock.empty and plan.empty and margin.empty and found.empty
    return [tables.note(f"{sku or 'An empty name'} is not known in {results.week}.")] if nothing else parts


def findings_filter(results: Any) -> Any:
    """Findings by check, owner, severity and decision; the rows that fit below."""
    import ipywidgets as w

    found = results.findings
    names = {"check": "Check", "owner": "Owner", "severity": "Severity", "state": "State"}
    boxes = {
        name: w.Dropdown(options=[ANY, *sorted(found[name].dropna().astype(str).unique())], description=label)
        for name, label in names.items()
    }
    decision = w.Dropdown(options=[ANY, *DECISIONS], description="Suggested")
    return _live(lambda: [filtered(results, {name: box.value for name, box in boxes.items()}, decision.value)], [*boxes.values(), decision])


def filtered(results: Any, wanted: dict[str, str], decision: str = ANY) -> Html:
    """The findings of all reviews with these values (`(any)` leaves a column open), largest impact first."""
    found = results.findings
    for name, value in wanted.items():
        found = found if value == ANY else found[found[name].astype(str) == value]
    if decision != ANY:
        found = found[found.suggested_decision.fillna("").astype(str).str.startswith(decision)]
    caption = f"{formats.count(len(found), 'finding')}, {counted.said(found, results.settings.reporting_currency) or 'none with money'}"
    found = found.assign(per=counted.marked(found))
    return tables.table(found, FOUND, caption, results.settings.reporting_currency, empty="no finding fits", most=100)


def _live(show: Callable[[], list[Any]], controls: list[Any]) -> Any:
    """The controls, and under them what `show` gives, anew whenever one of them changes."""
    import ipywidgets as w
    from IPython.display import display

    out = w.Output()

    def draw(_: Any = None) -> None:
        if any(control.value is None for control in controls):
            return  # a list is just being filled anew
        out.clear_output(wait=True)
        with out:
            for part in show():
                display(part)

    for control in controls:
        control.observe(draw, "value")
    draw()
    return w.VBox([w.HBox(controls, layout={"flex_flow": "row wrap"}), out])


STOCK = """
location | Location
tier | Tier
available | Available | number
daily_demand | Sold a day | two
days_of_supply | Days of supply | one
p_out_of_stock_14d | Out in 14 days | share
next_eta | Next ETA | day
next_quantity | Comes | number
excess_units | Excess | number
value_at_cost | At cost | money
"""
PLAN = """
planned | Planned units | number
actual | Sold units | number
gap | Sold − planned | number
error_share | Off by | share
chance_band | Chance explains ± | share
revenue | Revenue | money
"""
MARGIN = """
units | Units | number
net_revenue | Net revenue | money
gross_margin | Gross margin | money
gross_margin_share | Gross | share
shipping | Shipping | money
returns_reserve | Returns | money
contribution_margin | Contribution | money
contribution_margin_share | Share | share
ad_spend | Ad spend | money
"""
FOUND = """
title | Finding | text | small=impact_basis
severity | Severity | pill
impact | A week | money | small=per | bar
owner | Owner
state | State
suggested_decision | Suggested
"""
