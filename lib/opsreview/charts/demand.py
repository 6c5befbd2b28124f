"""Monday's pictures: orders against plan, SKUs against plan, stock against its band."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import PICKED, Chart, Title, dropdown, finish, named, rows, tips, told, value_axis

Z95 = 1.96  # the two-sided 95 % of chance, as in checks.sku_demand_variance

BAND = {
    "below its band": (theme.BREACH, "triangle-left"), "in its band": (theme.OK, "circle"),
    "above its band": (theme.WATCH, "triangle-right"),
}  # fmt: skip
VERDICTS = {
    "within rule or chance": (theme.NONE, "circle"), "beyond rule and chance": (theme.BREACH, "triangle-up"),
    "sold without a plan": (theme.WATCH, "diamond"),
}  # fmt: skip
MOST_DOTS = 1500  # dots of a scatter: the SKUs with most revenue; more would only blacken the page


def orders_against_plan(daily: pd.DataFrame, as_of: pd.Timestamp, title: Title, subtitle: str = "", currency: str = "") -> Chart | None:
    """Units sold by day, by channel, with the plan of all channels before and after `as_of`. Rows: orders_daily."""
    if daily.empty:
        return None
    frame = rows(daily, ["day", "channel", "orders", "units", "net_sales", "planned_units"])
    frame = frame[frame.units.notna() | frame.planned_units.notna()].reset_index(drop=True)
    channels = sorted(frame.channel.unique(), key=lambda c: (c != "(all)", c))
    frame["gap"] = frame.units / frame.planned_units.where(frame.planned_units > 0) - 1
    mondays = [_day(d) for d in sorted(frame.day[frame.day.dt.day_of_week == 0].unique())]
    whole = alt.Scale(domain=[_day(frame.day.min()), _day(max(frame.day.max(), as_of))])  # the same days for every channel
    x = alt.X("day:T", scale=whole, axis=alt.Axis(title=None, format="%a %-d %b", labelAngle=0, values=mondays, grid=False))
    y = alt.Y("units:Q", axis=value_axis("units", "Units a day"), scale=alt.Scale(zero=True))
    tooltip = tips(
        "day | Day | day",
        "channel | Channel",
        "units | Units sold | units",
        "planned_units | Units planned | units",
        "gap | Against plan | change",
        "orders | Orders | units",
        "net_sales | Net sales | money",
    )
    drawn = {"units": ("sold", theme.ACTUAL), "planned_units": ("planned", theme.PLAN)}
    here = [drawn[column] for column in drawn if frame[column].notna().any()]
    color = alt.Color("kind:N", scale=alt.Scale(domain=[kind for kind, _ in here], range=[hue for _, hue in here]))
    base = alt.Chart(frame).transform_filter(f"datum.channel === {PICKED}")
    sold, planned = (
        base.transform_filter(f"isValid(datum.{column})").transform_calculate(kind=f"'{kind}'").encode(x, color=color)
        for column, (kind, _) in drawn.items()
    )
    now = alt.Chart(pd.DataFrame({"day": [pd.Timestamp(as_of)], "label": ["plan ahead →"]}))
    layers = [sold.mark_line(strokeWidth=2).encode(y=y), sold.mark_point(filled=True, size=60).encode(y=y, tooltip=tooltip)]
    if frame.planned_units.notna().any():
        plan = planned.encode(y=alt.Y("planned_units:Q"))
        ahead = now.mark_text(align="left", baseline="top", dx=6, color=theme.MUTED, fontSize=12).encode(x, y=alt.value(2), text="label:N")
        layers = [
            plan.mark_line(strokeDash=[6, 4], strokeWidth=2, interpolate="step"), *layers,
            plan.mark_point(filled=True, size=60, opacity=0).encode(tooltip=tooltip),
            now.mark_rule(color=theme.MUTED, strokeDash=[2, 3]).encode(x), ahead,
        ]  # fmt: skip
    chart = alt.layer(*layers)
    return finish(chart.add_params(dropdown(channels, "Channel")), told(title, channels), subtitle, 290, currency)


def _day(day: pd.Timestamp) -> alt.DateTime:
    return alt.DateTime(year=day.year, month=day.month, date=day.day)


def plan_vs_actual(skus: pd.DataFrame, dispersion: float, rule: float, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """Units sold against units planned, a dot a SKU, inside the funnel that chance alone draws. Rows: plan_vs_actual.

    Both axes are log(1 + units): a store's SKUs span four powers of ten. `rule`: the usual share; `dispersion`: variance over mean.
    """
    if skus.empty:
        return None
    frame = rows(
        skus.assign(revenue=skus.revenue.fillna(0.0)).nlargest(MOST_DOTS, "revenue"),
        ["sku", "name", "family", "tier", "planned", "actual", "gap", "error_share", "chance_band", "flagged", "revenue"],
    )
    within, beyond, unplanned = VERDICTS
    frame["verdict"] = np.where(frame.planned <= 0, unplanned, np.where(frame.flagged, beyond, within))
    top = max(float(frame[["planned", "actual"]].max().max()), 10.0)
    funnel = pd.DataFrame({"planned": np.unique(np.geomspace(1, top * 1.1, 60).round(2))})
    reach = np.maximum(rule, Z95 * np.sqrt(max(dispersion, 1.0) / funnel.planned)) * funnel.planned
    funnel = funnel.assign(low=(funnel.planned - reach).clip(lower=0), high=funnel.planned + reach)
    axis = alt.Scale(type="symlog", constant=1, domain=[0, float(funnel.high.iloc[-1])], nice=False)
    ticks = [v for v in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000) if v <= top * 1.3]
    x = alt.X("planned:Q", scale=axis, axis=alt.Axis(title="Units planned, 14 days", values=ticks, format=",~f"))
    y = alt.Axis(title="Units sold, 14 days", values=ticks, format=",~f")
    chosen = alt.selection_point(name="verdict_shown", fields=["verdict"], bind="legend")
    dots = (
        alt.Chart(frame)
        .mark_point(filled=True, strokeWidth=0.6, stroke=theme.PAPER)
        .encode(
            x,
            alt.Y("actual:Q", scale=axis, axis=y),
            **named("verdict", frame.verdict, VERDICTS),
            size=alt.Size("revenue:Q", scale=alt.Scale(range=[30, 400]), legend=None),
            opacity=alt.condition(chosen, alt.value(0.85), alt.value(0.08)),
            tooltip=tips(
                "sku | SKU",
                "name | Name",
                "family | Family",
                "tier | Tier",
                "planned | Planned | units",
                "actual | Sold | units",
                "error_share | Off by | share",
                "chance_band | Chance explains ± | share",
                "revenue | Revenue | money",
                "verdict | Verdict",
            ),
        )
        .add_params(chosen)
    )
    band = alt.Chart(funnel).mark_area(color=theme.BAND, opacity=0.8).encode(x, alt.Y("low:Q", scale=axis, axis=y), alt.Y2("high:Q"))
    perfect = (
        alt.Chart(funnel).mark_line(color=theme.MUTED, strokeDash=[4, 4], strokeWidth=1).encode(x, alt.Y("planned:Q", scale=axis, axis=y))
    )
    return finish(band + perfect + dots, title, subtitle, 420, currency)


def days_of_supply(inventory: pd.DataFrame, tiers: pd.DataFrame, title: str, subtitle: str = "") -> Chart | None:
    """Every SKU-location's days of supply by tier, the band it should be in, and the tier's own figure.

    `inventory`: sku, location, tier, days_of_supply, available, daily_demand. `tiers`: tier, value, low, high (high or low empty: no band).
    """
    frame = inventory.dropna(subset=["days_of_supply"])
    if frame.empty or tiers.empty:
        return None
    frame = rows(frame, ["sku", "location", "tier", "days_of_supply", "available", "daily_demand"])
    frame = frame[frame.tier.isin(tiers.tier)]
    order = list(tiers.tier)
    places = tiers.assign(row=range(len(tiers)), row_low=lambda f: f.row - 0.42, row_high=lambda f: f.row + 0.42)
    frame = frame.merge(places[["tier", "row", "low", "high"]], on="tier")
    frame["row"] += 0.3 * np.sin(np.arange(len(frame)) * 2.399963)  # spread evenly, and alike on every run
    below, inside, above = BAND
    frame["status"] = np.where(frame.days_of_supply < frame.low, below, np.where(frame.days_of_supply > frame.high, above, inside))
    top = float(np.ceil(np.nanmax([tiers.high.max(), tiers.value.max(), frame.days_of_supply.quantile(0.97)]) * 1.05 / 10) * 10)
    frame["shown"] = frame.days_of_supply.clip(upper=top)
    names = alt.Axis(
        title="Velocity tier",
        values=list(range(len(order))),
        labelExpr=f"{order}[datum.value]",
        grid=False,
        ticks=False,
        domain=False,
        labelPadding=14,
        labelFontSize=14,
        labelColor=theme.INK,
    )
    rows_scale = alt.Scale(domain=[-0.5, len(order) - 0.5], reverse=True, nice=False)
    y = alt.Y("row:Q", scale=rows_scale, axis=names)
    x = alt.X(
        "shown:Q",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(title="Days of supply at today's pace (what lasts longer stands at the right edge)", tickCount=10),
    )
    dots = (
        alt.Chart(frame.drop(columns=["low", "high"]))
        .mark_point(filled=True, size=34, opacity=0.65)
        .encode(
            x,
            y,
            **named("status", frame.status, BAND),
            tooltip=tips(
                "sku | SKU",
                "location | Location",
                "days_of_supply | Days of supply | one",
                "available | Available | units",
                "daily_demand | Sold a day | two",
                "status | It is",
            ),
        )
    )
    base = alt.Chart(places)
    band = (
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rect(color=theme.BAND)
        .encode(alt.X("low:Q"), alt.X2("high:Q"), alt.Y("row_low:Q", scale=rows_scale, axis=names), alt.Y2("row_high:Q"))
    )
    own = base.mark_rule(color=theme.INK, strokeWidth=3).encode(
        alt.X("value:Q"),
        alt.Y("row_low:Q", scale=rows_scale, axis=names),
        alt.Y2("row_high:Q"),
        tooltip=tips("tier | Tier", "value | Days of supply of the tier | one", "low | Band from", "high | Band to"),
    )
    return finish(band + dots + own, title, subtitle, 120 + 78 * len(tiers))
