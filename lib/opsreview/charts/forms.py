"""The few forms every chart is made of. Each takes a finished frame and returns a chart; an empty frame gives None."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from opsreview import theme
from opsreview.figures import beyond, meaning, signal_words

Chart = Any  # an Altair chart of whatever composition
Title = str | dict[str, str]  # of a chart with a dropdown: a title an option
PICKED = "picked"  # the parameter of a chart's dropdown
FORMATS = {
    "units": theme.UNITS, "money": theme.MONEY, "cents": theme.CENTS, "share": theme.SHARE, "fine": theme.SHARE_FINE, "one": ",.1f",
    "two": ",.2f", "signed": "+,.1f", "change": "+.1%", "day": "%a %-d %b %Y", "moment": "%-d %b %H:%M",
}  # fmt: skip
OF_UNIT = {"share": "fine", "money": "money", "units": "units"}  # others: one decimal
LEAST_PLOT, AROUND = 40, 68  # px: the lowest plot; what a line of title, legend and axis take beside it
NEAR_ONE = 0.8  # from where on bars that begin at 0 all look alike
STATUSES = {name: (theme.STATUS[name], "circle") for name in ("ok", "watch", "breach", "none")}
WITHIN = "within its range"
NEWS = {
    WITHIN: (theme.MUTED, "circle"),
    "outside, better": (theme.OK, "triangle-up"), "outside, worse": (theme.BREACH, "triangle-down"), "outside": (theme.WATCH, "diamond"),
    "within, yet a signal: better": (theme.OK, "square"), "within, yet a signal: worse": (theme.BREACH, "square"),
    "within, yet a signal": (theme.WATCH, "square"),
}  # fmt: skip


def finish(chart: Chart, title: Title, subtitle: str = "", height: int = 260, currency: str = "") -> Chart:
    """Title, size and look. `width` is the whole picture's; what title, legend and axis leave of `height` is the plot's.

    The plot keeps its height where a narrow window or an option of the dropdown gives the title more lines: the picture grows.

    A title an option follows the dropdown: its texts travel as a parameter's value, never inside an expression.
    """
    if isinstance(title, dict) and len(title) > 1:
        headings = alt.param(name="headings", value={option: theme.wrap(text, 116) for option, text in title.items()})
        chart = chart.add_params(headings, alt.param(name="heading", expr=f"headings[{PICKED}]"))
        text: Any = alt.ExprRef("heading")
    else:
        text = theme.wrap(next(iter(title.values())) if isinstance(title, dict) else title, 116)
    below = theme.wrap(subtitle, 140) if subtitle else []
    heading = alt.TitleParams(text, subtitle=below or alt.Undefined)
    fit = alt.AutoSizeParams(type="fit-x", contains="padding", resize=True)
    plot = max(LEAST_PLOT, height - AROUND - 19 - 16 * len(below))
    return chart.properties(title=heading, width=theme.WIDTH, height=plot, autosize=fit).configure(**theme.config(currency))


def told(title: Title, options: list[str]) -> Title:
    """The titles of the options that the chart has; a title for all of them as it is."""
    return {option: title[option] for option in options} if isinstance(title, dict) else title


def dropdown(values: list[str], label: str) -> alt.Parameter:
    """The dropdown under a chart; it begins with the first value."""
    return alt.param(name=PICKED, value=values[0], bind=alt.binding_select(options=values, name=f"{label} "))


def tips(*fields: str) -> list[alt.Tooltip]:
    """A tooltip's lines, each written `field | what a reader calls it | how it is formatted`."""
    made = []
    for field in fields:
        name, title, *form = (part.strip() for part in field.split("|"))
        kind = "T" if form and form[0] in ("day", "moment") else "Q" if form else "N"
        made.append(alt.Tooltip(f"{name}:{kind}", title=title, format=FORMATS[form[0]] if form else alt.Undefined))
    return made


def rows(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Only the columns a chart reads: what is not drawn is not carried in the page. Days become timestamps."""
    small = frame[columns].copy()
    for name in columns:
        if small[name].dtype == object and len(small) and hasattr(small[name].iloc[0], "isoformat"):
            small[name] = pd.to_datetime(small[name])
    return small


def week_axis() -> alt.Axis:
    """ISO weeks as they are written, as many as do not overlap."""
    return alt.Axis(title=None, labelAngle=0, labelOverlap="greedy", labelSeparation=14, grid=False, ticks=False, labelPadding=6)


def name_axis(width: int = 240) -> alt.Axis:
    """Names of things at the left of bars and dots."""
    return alt.Axis(title=None, ticks=False, domain=False, labelColor=theme.INK, labelLimit=width)


def value_axis(unit: str, title: str | None) -> alt.Axis:
    """Shares in per cent, money short (`€12k`), everything else in thousands."""
    return alt.Axis(title=title, format={"share": "~%", "money": theme.MONEY_SHORT}.get(unit, ",~f"), tickCount=5)


def trend(
    history: pd.DataFrame, title: Title, unit: str, label: str, subtitle: str = "", pick: str = "Show", currency: str = ""
) -> Chart | None:  # fmt: skip
    """Weekly values with their XmR limits; a point is colored and shaped by how it stands to the band drawn, and by its signal.

    `history`: series, week, value, centre, lower, upper, signal, better, target (words), low and high (its lines to draw, or empty);
    a dropdown where there is more than one series, and then a title each.
    """
    frame = history.dropna(subset=["value"])
    if frame.empty:
        return None
    frame = rows(frame, ["series", "week", "value", "centre", "lower", "upper", "signal", "better", "target", "low", "high"])
    frame["news"] = standing(frame)
    frame["why"] = frame.signal.map(signal_words)
    frame = frame.drop(columns=["signal", "better"])
    form = OF_UNIT.get(unit, "one")
    x = alt.X("week:O", axis=week_axis())
    y = {"scale": alt.Scale(zero=False, nice=True), "axis": value_axis(unit, label)}
    held = [edge for edge in ("low", "high") if frame[edge].notna().any()]
    frame[["low", "high"]] = frame[["low", "high"]].apply(lambda edge: edge.fillna(frame.value))
    base = alt.Chart(frame)
    band = base.mark_area(color=theme.BAND, opacity=0.7, interpolate="step").encode(x, alt.Y("lower:Q", **y), alt.Y2("upper:Q"))
    centre = base.mark_line(color=theme.NONE, strokeWidth=1).encode(x, alt.Y("centre:Q"))
    dashed = base.mark_line(color=theme.OK, strokeDash=[5, 4], strokeWidth=1.5)
    # A series without a target gets an unseen line along its values, so that no scale looks for numbers where there are none.
    drawn = alt.condition("datum.target !== 'none'", alt.value(1), alt.value(0))
    targets = [dashed.encode(x, alt.Y(f"{edge}:Q"), opacity=drawn) for edge in held]
    line = base.mark_line(color=theme.INK, strokeWidth=1.5).encode(x, alt.Y("value:Q"))
    points = base.mark_point(filled=True, opacity=1, stroke=theme.PAPER, strokeWidth=1).encode(
        x,
        alt.Y("value:Q"),
        **named("news", frame.news, NEWS),
        size=alt.condition(alt.datum.news == WITHIN, alt.value(45), alt.value(130)),
        tooltip=tips(
            f"series | {pick}", "week | Week", f"value | Value | {form}", f"centre | Its mean before | {form}",
            f"lower | Lower limit | {form}", f"upper | Upper limit | {form}", "why | Signal", "target | Target",
        ),
    )  # fmt: skip
    series = list(frame.series.unique())
    return finish(choose([band, centre, *targets, line, points], "series", series, pick), told(title, series), subtitle, 270, currency)


def standing(frame: pd.DataFrame) -> list[str]:
    """How each week stands to the band that is drawn, a name of NEWS; within it, whether it completes a signal.

    Rows: value, lower, upper, signal, better. What is marked is what lies outside of what is drawn.
    """
    sides = {1: "up:limits", -1: "down:limits"}
    out = []
    for side, signal, better in zip(beyond(frame), frame.signal, frame.better, strict=True):
        way = meaning(sides.get(side, signal), better).removeprefix("changed").removeprefix(" for the ")
        news = str(signal).startswith(("up", "down"))
        out.append(f"outside, {way}".rstrip(", ") if side else f"within, yet a signal: {way}".rstrip(": ") if news else WITHIN)
    return out


def ranked(
    frame: pd.DataFrame, by: str, value: str, title: Title, unit: str, label: str, tooltip: list[str], subtitle: str = "", group: str = "",
    pick: str = "By", target: str = "", currency: str = "", most: int = 12,
) -> Chart | None:  # fmt: skip
    """Bars in the order of the frame; colored by `status` where the frame has one, with a tick at `target`.

    Shares that are all close to 1 become dots on a scale of their own, each with its way to the target: bars would look alike.
    With `group` a dropdown shows one group at a time, `most` rows a group. `tooltip`: lines as `tips` takes them.
    """
    frame = frame.dropna(subset=[value])
    if frame.empty:
        return None
    frame = frame.groupby(group, sort=False).head(most) if group else frame.head(most)
    judged = "status" in frame and frame.status.isin(["ok", "watch", "breach"]).any()
    aimed = bool(target) and frame[target].notna().any()
    used = [by, value, group, target if aimed else "", "status" if judged else "", *[line.split("|")[0].strip() for line in tooltip]]
    frame = rows(frame, list(dict.fromkeys(name for name in used if name)))
    said = tips(*tooltip)
    y = alt.Y(f"{by}:N", sort=None, axis=name_axis(260))
    color = named("status", frame.status, STATUSES)["color"] if judged else alt.value(theme.OK)
    base = alt.Chart(frame)
    goal = base.transform_filter(f"isValid(datum.{target})") if aimed else None
    if unit == "share" and frame[value].min() > NEAR_ONE:
        x = {"scale": alt.Scale(zero=False, nice=True), "axis": value_axis(unit, label)}
        way = [goal.mark_rule(strokeWidth=4).encode(y, alt.X(f"{value}:Q", **x), alt.X2(f"{target}:Q"), color=color)] if aimed else []
        marks = [*way, base.mark_point(filled=True, size=130, opacity=1).encode(y, alt.X(f"{value}:Q", **x), color=color, tooltip=said)]
    else:
        marks = [base.mark_bar(size=17).encode(y, alt.X(f"{value}:Q", axis=value_axis(unit, label)), color=color, tooltip=said)]
    if aimed:
        tick = goal.mark_tick(color=theme.INK, thickness=2, size=20)
        marks.append(tick.encode(y, alt.X(f"{target}:Q"), tooltip=tips(f"{target} | Target | {OF_UNIT.get(unit, 'one')}")))
    groups = list(frame[group].unique()) if group else []
    tallest = int(frame.groupby(group).size().max()) if group else len(frame)
    return finish(choose(marks, group, groups, pick), told(title, groups) if groups else title, subtitle, 110 + 26 * tallest, currency)


def named(field: str, present: pd.Series, looks: dict[str, tuple[str, str]], offset: float = 6) -> dict[str, Any]:
    """Color and shape by name, in the order of `looks`: what the picture does not hold is not in its legend either."""
    here = [name for name in looks if (present == name).any()]
    legend = alt.Legend(title=None, offset=offset)
    colors, shapes = ([looks[name][i] for name in here] for i in (0, 1))
    color = alt.Color(f"{field}:N", scale=alt.Scale(domain=here, range=colors), legend=legend)
    return {"color": color, "shape": alt.Shape(f"{field}:N", scale=alt.Scale(domain=here, range=shapes), legend=legend)}


def choose(layers: list[Chart], field: str, values: list[str], label: str) -> Chart:
    """The layers, one value of `field` at a time where there are several."""
    if len(values) < 2:
        return alt.layer(*layers)
    return alt.layer(*[layer.transform_filter(f"datum.{field} === {PICKED}") for layer in layers]).add_params(dropdown(values, label))
