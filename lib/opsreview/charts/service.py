"""Wednesday's pictures: errors by kind, hours against waves and volume, the dock, carriers."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import PICKED, Chart, Title, dropdown, finish, named, rows, tips, told, value_axis, week_axis

ALL = "all locations"


def error_trend(picks: pd.DataFrame, title: Title, subtitle: str = "") -> Chart | None:
    """Errors per 1,000 picks by kind, stacked, week by week as it has become; a location at a time. Rows: pick_trend."""
    errors = picks[picks.error_type != ""]
    if errors.empty:
        return None
    total = picks[picks.error_type == ""].groupby(["week", "location"], as_index=False).picks.sum()
    total = _with_all(total, ["week"], ["picks"])
    frame = _with_all(errors.groupby(["week", "location", "error_type"], as_index=False).errors.sum(), ["week", "error_type"], ["errors"])
    frame = frame.merge(total, on=["week", "location"])
    frame["rate"] = 1000 * frame.errors / frame.picks.where(frame.picks > 0)
    frame["error"] = frame.error_type.str.replace("_", " ")
    locations = _first(ALL, frame.location)
    chart = (
        alt.Chart(rows(frame, ["week", "location", "error", "errors", "picks", "rate"]))
        .mark_bar()
        .encode(
            alt.X("week:O", axis=week_axis()),
            alt.Y("rate:Q", axis=alt.Axis(title="Errors per 1,000 picks", tickCount=5), stack="zero"),
            color=alt.Color("error:N"),
            tooltip=tips(
                "week | Week",
                "location | Location",
                "error | Error",
                "errors | Picks with it | units",
                "picks | Picks | units",
                "rate | Per 1,000 picks | two",
            ),
        )
        .transform_filter(f"datum.location === {PICKED}")
        .add_params(dropdown(locations, "Location"))
    )
    return finish(chart, told(title, locations), subtitle, 260)


def waves(hours: pd.DataFrame, title: Title, subtitle: str = "", currency: str = "") -> Chart | None:
    """Paid hours by hour of the day as bars, the hours the work needed as a line; a location at a time. Rows: waves."""
    hours = hours[(hours.hours > 0) | (hours.lines_picked > 0)]
    if hours.empty:
        return None
    frame = rows(hours, ["location", "hour", "orders", "lines_picked", "hours", "need", "cost"])
    over, fit, under = FITS
    frame["fit"] = np.where(frame.hours > frame.need * 1.1, over, np.where(frame.hours < frame.need * 0.9, under, fit))
    frame["gap"] = frame.hours - frame.need
    off = frame.assign(off=frame.gap.abs()).groupby("location")[["off", "hours"]].sum()
    worst_first = (off.off / off.hours.where(off.hours > 0)).sort_values(ascending=False).index
    base = alt.Chart(frame).transform_filter(f"datum.location === {PICKED}")
    x = alt.X("hour:O", axis=alt.Axis(title="Hour of the day", labelAngle=0, labelExpr="datum.label + ':00'", labelOverlap=True))
    tooltip = tips(
        "location | Location",
        "hour | Hour",
        "orders | Orders placed | units",
        "lines_picked | Lines picked | units",
        "hours | Hours paid | one",
        "need | Hours needed | one",
        "gap | Over or short | signed",
        "cost | Cost | money",
    )
    bars = base.mark_bar(width={"band": 0.75}).encode(
        x,
        alt.Y("hours:Q", axis=alt.Axis(title="Hours in the week", tickCount=5)),
        color=named("fit", frame.fit, FITS)["color"],
        tooltip=tooltip,
    )
    need = base.mark_line(
        color=theme.INK, strokeWidth=2, interpolate="monotone", point={"color": theme.INK, "size": 35, "filled": True}
    ).encode(x, alt.Y("need:Q"), tooltip=tooltip)
    places = list(worst_first)
    return finish((bars + need).add_params(dropdown(places, "Location")), told(title, places), subtitle, 270, currency)


FITS = {
    "more hours than work": (theme.WATCH, "square"), "hours fit the work": (theme.NONE, "square"),
    "more work than hours": (theme.BREACH, "square"),
}  # fmt: skip
STATES = {"stocked": (theme.OK, "circle"), "at dock": (theme.BREACH, "triangle-right")}


def elasticity(volume: pd.DataFrame, fits: pd.DataFrame, title: Title, subtitle: str = "", currency: str = "") -> Chart | None:
    """Hours against volume by week, both logarithmic, with the fitted line and its interval. Rows: labor_volume and elasticity.

    A slope of 1 means that double the volume takes double the hours.
    """
    if volume.empty or fits.dropna(subset=["value"]).empty:
        return None
    frame = volume[(volume.volume > 0) & (volume.hours > 0)].assign(crew=lambda f: f.role + " · " + f.location)
    fits = fits.dropna(subset=["value"]).assign(crew=lambda f: f.role + " · " + f.location).sort_values("value", ascending=False)
    frame = frame[frame.crew.isin(fits.crew)]
    if frame.empty:
        return None
    logs = (
        frame.assign(x=np.log(frame.volume), y=np.log(frame.hours))
        .groupby("crew")
        .agg(x=("x", "mean"), y=("y", "mean"), first=("x", "min"), last=("x", "max"))
    )
    line = fits.merge(logs, on="crew").merge(pd.DataFrame({"at": np.linspace(0, 1, 9)}), how="cross")
    reach = line["first"] + line["at"] * (line["last"] - line["first"]) - line.x
    line["volume"] = np.exp(line.x + reach)
    for name in ("value", "low", "high"):
        line[f"hours_{name}"] = np.exp(line.y + line[name] * reach)
    line["proportional"] = np.exp(line.y + reach)
    lines = alt.Chart(rows(line, ["crew", "volume", "hours_value", "hours_low", "hours_high", "proportional"]))
    dots = alt.Chart(rows(frame, ["crew", "week", "volume", "hours", "cost"]))
    x = alt.X(
        "volume:Q",
        scale=alt.Scale(type="log", nice=False, padding=20),
        axis=alt.Axis(title="Units handled in the week (logarithmic)", format=",~f", tickCount=6),
    )
    axis = alt.Axis(title="Hours in the week (logarithmic)", format=",~f", tickCount=6)
    y = alt.Scale(type="log", nice=False, padding=14)
    layers = [
        lines.mark_area(color=theme.BAND, opacity=0.9).encode(x, alt.Y("hours_low:Q", scale=y, axis=axis), alt.Y2("hours_high:Q")),
        lines.mark_line(color=theme.NONE, strokeDash=[4, 4]).encode(x, alt.Y("proportional:Q", scale=y, axis=axis)),
        lines.mark_line(color=theme.OK, strokeWidth=2).encode(x, alt.Y("hours_value:Q", scale=y, axis=axis)),
        dots.mark_point(filled=True, size=55, color=theme.INK, opacity=0.8).encode(
            x,
            alt.Y("hours:Q", scale=y, axis=axis),
            tooltip=tips(
                "crew | Role · location", "week | Week", "volume | Units handled | units", "hours | Hours | one", "cost | Cost | money"
            ),
        ),
    ]
    chart = alt.layer(*[layer.transform_filter(f"datum.crew === {PICKED}") for layer in layers])
    crews = list(fits.crew)
    return finish(chart.add_params(dropdown(crews, "Role · location")), told(title, crews), subtitle, 320, currency)


def dock_to_stock(lines: pd.DataFrame, target: float | None, title: str, subtitle: str = "") -> Chart | None:
    """Hours from dock to shelf, a mark a line, by location; what still waits is marked. Rows: dock (negative hours are left out)."""
    frame = lines[lines.hours.notna() & (lines.hours >= 0) & (lines.state != "inconsistent")]
    if frame.empty:
        return None
    frame = rows(frame, ["document_id", "line_id", "sku", "supplier", "location", "arrived_at", "stocked_at", "hours", "state"])
    places = list(frame.groupby("location").hours.median().sort_values(ascending=False).index)
    frame["row"] = frame.location.map({p: i for i, p in enumerate(places)}) + 0.28 * np.sin(np.arange(len(frame)) * 2.399963)
    middle = frame[frame.state == "stocked"].groupby("location", as_index=False).hours.median()
    middle["row"] = middle.location.map({p: i for i, p in enumerate(places)})
    middle = middle.assign(low=middle.row - 0.36, high=middle.row + 0.36)
    scale = alt.Scale(domain=[-0.5, len(places) - 0.5], reverse=True, nice=False)
    hours = alt.X(
        "hours:Q",
        scale=alt.Scale(type="symlog", constant=4, nice=False, domainMin=0),
        axis=alt.Axis(title="Hours from arrival to shelf", values=[0, 2, 4, 8, 12, 24, 48, 96, 168, 336, 672], format=",~f"),
    )
    # the names of the rows travel as data, never inside an expression
    labels = alt.Chart(pd.DataFrame({"location": places, "row": range(len(places))})).mark_text(
        align="right", dx=-8, fontSize=12, color=theme.INK, limit=120
    )
    layers = [
        alt.Chart(frame)
        .mark_point(filled=True, size=45, opacity=0.7)
        .encode(
            hours,
            alt.Y("row:Q", scale=scale, axis=None),
            **named("state", frame.state, STATES),
            tooltip=tips(
                "document_id | Document",
                "line_id | Line",
                "sku | SKU",
                "supplier | Supplier",
                "location | Location",
                "arrived_at | Arrived | moment",
                "hours | Hours so far | one",
                "state | Now",
            ),
        ),
        alt.Chart(middle)
        .mark_rule(color=theme.INK, strokeWidth=3)
        .encode(
            hours,
            alt.Y("low:Q", scale=scale, axis=None),
            alt.Y2("high:Q"),
            tooltip=tips("location | Location", "hours | Median of what was stocked | one"),
        ),
        labels.encode(alt.Y("row:Q", scale=scale, axis=None), x=alt.value(0), text="location:N"),
    ]
    if target is not None:
        line = alt.Chart(pd.DataFrame({"hours": [target]})).mark_rule(color=theme.OK, strokeDash=[5, 4], strokeWidth=1.5)
        layers.append(line.encode(hours, tooltip=tips("hours | Target, hours")))
    return finish(alt.layer(*layers), title, subtitle, 130 + 76 * len(places))


def carriers(services: pd.DataFrame, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """Exception share by carrier and service with its 90 % Wilson interval; size of the dot: shipments. Rows: carriers with low, high."""
    frame = services.dropna(subset=["exception_rate"])
    if frame.empty:
        return None
    frame = frame.assign(lane=frame.carrier + " / " + frame.service).sort_values("exception_rate", ascending=False).head(20)
    frame = rows(frame, ["lane", "shipments", "exceptions", "exception_rate", "low", "high", "exception_cost", "cost_per_shipment"])
    y = alt.Y("lane:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False, labelColor=theme.INK, labelLimit=240))
    tooltip = tips(
        "lane | Carrier / service",
        "shipments | Shipments | units",
        "exceptions | With an exception | units",
        "exception_rate | Exception share | fine",
        "low | At least | fine",
        "high | At most | fine",
        "exception_cost | Exceptions cost | money",
        "cost_per_shipment | Cost a shipment | cents",
    )
    base = alt.Chart(frame)
    axis = value_axis("share", "Share of shipments with an exception; the bar is what chance leaves open")
    chart = base.mark_bar(color=theme.BAND, height=10).encode(
        y, alt.X("low:Q", axis=axis), alt.X2("high:Q"), tooltip=tooltip
    ) + base.mark_point(filled=True, color=theme.INK, opacity=1).encode(
        y, alt.X("exception_rate:Q"), size=alt.Size("shipments:Q", scale=alt.Scale(range=[40, 420]), legend=None), tooltip=tooltip
    )
    return finish(chart, title, subtitle, 110 + 32 * len(frame), currency)


def _with_all(frame: pd.DataFrame, by: list[str], sums: list[str]) -> pd.DataFrame:
    """The rows, and the same summed over all locations where there is more than one."""
    if frame.location.nunique() < 2:
        return frame
    return pd.concat([frame, frame.groupby(by, as_index=False)[sums].sum().assign(location=ALL)], ignore_index=True)


def _first(name: str, values: pd.Series) -> list[str]:
    return sorted(values.unique(), key=lambda v: (v != name, v))
