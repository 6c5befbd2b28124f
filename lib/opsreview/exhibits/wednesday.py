"""Wednesday's evidence: errors and rework, hours against waves and volume, the dock, promises kept, carriers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats, tables, titles
from opsreview.exhibits import Exhibit, Part, drawn, family, ranked, target_lines, trend, why_nothing
from opsreview.statistics import wilson


def pick_pack(results: Any) -> list[Part]:
    """Pick/pack accuracy by location, and the errors by kind as they have become."""
    picks = results.evidence("pick_trend")
    note = "As it has become: customers find some errors late, so recent weeks still rise. Accuracy above is each week as known then."
    chart = charts.error_trend(picks, titles.errors(picks, results.week), note)
    return [trend(results, "pick_pack_accuracy", ["location"]), drawn(chart, "Errors by kind", results, ["picks"])]


def rework(results: Any) -> list[Part]:
    """How many picks had to be done again, and what that cost in the week."""
    row = results.leaks[(results.leaks.leak == "3") & (results.leaks.part == "rework")]
    currency = results.settings.reporting_currency
    said = [trend(results, "rework_rate", ["location", "error_type"])]
    if len(row) and not formats.missing(row.amount.iloc[0]):
        usual = row.baseline.iloc[0]
        more = f"; usually {formats.money(usual, currency)}" if not formats.missing(usual) else ""
        said.append(tables.note(f"Rework cost {formats.money(row.amount.iloc[0], currency)} in the week{more}."))
    return said


def labor_waves(results: Any) -> list[Part]:
    """Paid hours against the work of each hour of the day."""
    hours, currency = results.evidence("waves"), results.settings.reporting_currency
    subtitle = "Bars: hours paid for pick and pack. Line: hours the picked lines of that hour need at the location's own rate. Both summed over the week."
    chart = charts.waves(hours, titles.waves(hours), subtitle, currency)
    return [drawn(chart, "Hours against order waves", results, ["labor", "picks"])]


def labor_elasticity(results: Any) -> list[Part]:
    """Does double the volume take double the hours: each crew's line over 26 weeks, with its interval."""
    volume, fits, currency = results.evidence("labor_volume"), results.evidence("elasticity"), results.settings.reporting_currency
    limit = float(results.settings.checks["linear_strain"]["elasticity"])
    subtitle = "A dot a week. Blue: fitted line with its 90 % interval; dashed grey: hours in proportion to volume."
    chart = charts.elasticity(volume, fits, titles.elasticity(fits, limit), subtitle, currency)
    shown = fits.dropna(subset=["value"]).sort_values("value", ascending=False) if len(fits) else fits
    shown = shown.assign(
        doubled=2**shown.value, says=[_verdict(row, limit) for row in shown.itertuples()],
        interval=[f"{row.low:.2f} to {row.high:.2f}" for row in shown.itertuples()],
    ) if len(shown) else shown  # fmt: skip
    columns = [
        "role | Role",
        "location | Location",
        "value | Elasticity | two",
        "interval | 90 % interval",
        "doubled | Hours at double volume, times | two",
        "n | Weeks | number",
        "says | It says",
    ]
    listed = tables.table(
        shown, columns, "Elasticity of hours to volume", note=why_nothing(results, ["labor", "picks"]) if shown.empty else "", most=20
    )
    return [drawn(chart, "Hours against volume", results, ["labor", "picks"]), listed]


def _verdict(row: Any, limit: float) -> str:
    if row.low > limit:
        return "hours grow as fast as volume"
    return "more volume, fewer hours a unit" if row.high < limit else "not settled"


def dock_to_stock(results: Any) -> list[Part]:
    """Hours from the dock to the shelf: the trend, each line of the week, and what still waits."""
    lines = results.evidence("dock")
    goal = target_lines(results, "dock_to_stock_hours", "")
    target = goal[0] if goal else None
    subtitle = "A mark a line stocked in the week or still waiting; black: median of what was stocked; dashed: target. The axis is compressed to the right."
    chart = charts.dock_to_stock(lines, target, titles.dock(lines, target), subtitle)
    waits = (
        lines[lines.state.isin(["at dock", "inconsistent"])].sort_values("hours", ascending=False, na_position="last")
        if len(lines)
        else lines
    )
    columns = [
        "document_id | Document | text | small=line_id",
        "sku | SKU",
        "supplier | Supplier | plain",
        "location | Location",
        "arrived_at | Arrived | moment",
        "hours | Hours so far | one",
        "state | State | pill",
    ]
    parts = [trend(results, "dock_to_stock_hours", ["location", "supplier"]), drawn(chart, "Dock to stock", results, ["inbound"])]
    if len(waits):
        parts.append(
            tables.table(
                waits,
                columns,
                "At the dock, or with times that cannot be",
                note="Lines stocked before they arrived are left out of every figure.",
                most=15,
            )
        )
    return parts


def on_time_ship(results: Any) -> list[Part]:
    """Promises kept: shipped, delivered, perfect; and where they are not."""
    names = ["on_time_ship_rate", "on_time_delivery_rate", "perfect_order_rate", "perfect_order_rate_matured"]
    return [family(results, names), ranked(results, "on_time_ship_rate", ["location", "service", "carrier"])]


def carriers(results: Any) -> list[Part]:
    """Exceptions by carrier and service with what chance leaves open, what they cost, and why they happened."""
    services, currency = results.evidence("carriers"), results.settings.reporting_currency
    if services.empty:
        return [drawn(None, "Carriers", results, ["shipments", "carrier_events"])]
    spans = [
        wilson(e, n, 0.90) if n else (float("nan"), float("nan"))
        for e, n in zip(services.exceptions.fillna(0), services.shipments, strict=True)
    ]
    services = services.assign(low=[s[0] for s in spans], high=[s[1] for s in spans])
    subtitle = "Dot: the week's share, its size is shipments. Bar: 90 % interval of the share."
    chart = charts.carriers(services, titles.carriers(services, currency), subtitle, currency)
    why = _reasons(results.evidence("exception_reasons"))
    shown = services.merge(why, on=["carrier", "service"], how="left").assign(lane=lambda f: f.carrier + " / " + f.service)
    shown["on_time_share"] = shown.on_time / shown.promised.where(shown.promised > 0)
    shown = shown.sort_values(["exception_cost", "exceptions"], ascending=False, na_position="last")
    columns = [
        "lane | Carrier / service", "shipments | Shipments | number", "exceptions | With an exception | number", "exception_rate | Exceptions | fine", "on_time_share | Delivered on time | share",
        "charges | Charged | money", "avoidable_charges | Avoidable | money", "exception_cost | Exceptions cost | money | bar", "cost_per_shipment | A shipment | cents", "why | Why, most often | plain",
    ]  # fmt: skip
    listed = tables.table(
        shown,
        columns,
        "Carriers and services in the week",
        currency,
        "Exceptions cost: avoidable charges and tickets of the shipments that had one.",
    )
    return [drawn(chart, "Carrier exceptions", results, ["carrier_events"]), trend(results, "carrier_exception_rate", ["service"]), listed]


def _reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """carrier, service, why: the two most frequent reasons with their counts."""
    if reasons.empty:
        return pd.DataFrame(columns=["carrier", "service", "why"])
    top = reasons.sort_values("shipments", ascending=False, kind="stable").groupby(["carrier", "service"]).head(2)
    top = top.assign(why=top.reason.map(formats.words) + " " + top.shipments.map(formats.number))
    return top.groupby(["carrier", "service"], as_index=False).why.agg(", ".join)


EXHIBITS: tuple[Exhibit, ...] = (pick_pack, rework, labor_waves, labor_elasticity, dock_to_stock, on_time_ship, carriers)
