"""The few forms every chart is made of. Each takes a finished frame and returns a chart; an empty frame gives None."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from opsreview import theme

Chart = Any  # an Altair chart of whatever composition


def finish(
    chart: Chart, title: str, subtitle: str = "", height: int | None = 260, currency: str = "", width: int | None = theme.WIDTH
) -> Chart:
    """Title, size and look. `width` and `height` are those of the whole picture; None for both where parts have their own sizes."""
    heading = alt.TitleParams(theme.wrap(title, 108), subtitle=theme.wrap(subtitle, 140) if subtitle else alt.Undefined)
    size = {"width": width, "height": height, "autosize": alt.AutoSizeParams(type="fit", contains="padding")} if width and height else {}
    return chart.properties(title=heading, **size).configure(**theme.config(currency))


def dropdown(name: str, values: list[str], label: str, start: str | None = None) -> alt.Parameter:
    """A dropdown under the chart; `name` is its parameter, unique in the chart."""
    return alt.param(name=name, value=values[0] if start is None else start, bind=alt.binding_select(options=values, name=f"{label} "))


def rows(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Only the columns a chart reads: what is not drawn is not carried in the page. Days become timestamps."""
    small = frame[columns].copy()
    for name in columns:
        if small[name].dtype == object and len(small) and hasattr(small[name].iloc[0], "isoformat"):
            small[name] = pd.to_datetime(small[name])
    return small


def week_axis(title: str | None = None) -> alt.Axis:
    """ISO weeks as they are written, one label in four so that none overlaps."""
    return alt.Axis(title=title, labelAngle=0, labelOverlap="greedy", labelSeparation=14, grid=False, ticks=False, labelPadding=6)


def value_axis(unit: str, title: str | None, **more: Any) -> alt.Axis:
    """Shares in per cent, money short (`€12k`), everything else in thousands."""
    given = {"share": "~%", "money": theme.MONEY_SHORT}.get(unit, ",~f")
    return alt.Axis(title=title, format=given, tickCount=5, **more)


def trend(
    history: pd.DataFrame, title: str, unit: str, better: str, label: str, subtitle: str = "", targets: dict[str, list[float]] | None = None,
    pick: str = "Show", currency: str = "", height: int = 270, name: str = "series",
) -> Chart | None:  # fmt: skip
    """Weekly values with their XmR limits; a point is colored by what its signal means.

    `history`: series, week, value, centre, lower, upper, signal. `targets`: the lines to draw, by series.
    """
    frame = history.dropna(subset=["value"])
    if frame.empty:
        return None
    frame = rows(frame, ["series", "week", "value", "centre", "lower", "upper", "signal"]).assign(
        news=lambda f: f.signal.map(lambda s: meaning(s, better)), why=lambda f: f.signal.map(signal_words)
    )
    series = list(frame.series.unique())
    lines = pd.DataFrame([(s, v) for s in series for v in (targets or {}).get(s, [])], columns=["series", "target"])
    form = theme.SHARE_FINE if unit == "share" else theme.FORMAT[unit]
    x = alt.X("week:O", axis=week_axis())
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart(frame)
    tooltip = [
        alt.Tooltip("series:N", title=pick), alt.Tooltip("week:O", title="Week"), alt.Tooltip("value:Q", title=label, format=form),
        alt.Tooltip("centre:Q", title="Its mean before", format=form), alt.Tooltip("lower:Q", title="Lower limit", format=form),
        alt.Tooltip("upper:Q", title="Upper limit", format=form), alt.Tooltip("why:N", title="Signal"),
    ]  # fmt: skip
    layers = [
        base.mark_area(color=theme.BAND, opacity=0.7, interpolate="step").encode(x, alt.Y("lower:Q", scale=scale, axis=value_axis(unit, label)), alt.Y2("upper:Q")),
        base.mark_line(color=theme.NONE, strokeWidth=1, interpolate="step").encode(x, alt.Y("centre:Q")),
        alt.Chart(lines).mark_rule(color=theme.OK, strokeDash=[5, 4], strokeWidth=1.5).encode(alt.Y("target:Q"), tooltip=[alt.Tooltip("target:Q", title="Target", format=form)]),
        base.mark_line(color=theme.INK, strokeWidth=1.5).encode(x, alt.Y("value:Q")),
        base.mark_point(filled=True, opacity=1, stroke=theme.PAPER, strokeWidth=1).encode(
            x,
            alt.Y("value:Q"),
            color=alt.Color("news:N", scale=alt.Scale(domain=list(NEWS), range=[c for c, _ in NEWS.values()]), legend=alt.Legend(title=None)),
            shape=alt.Shape("news:N", scale=alt.Scale(domain=list(NEWS), range=[s for _, s in NEWS.values()]), legend=None),
            size=alt.condition(alt.datum.news == "in its usual range", alt.value(45), alt.value(130)),
            tooltip=tooltip,
        ),
    ]  # fmt: skip
    if len(series) > 1:
        chosen = dropdown(name, series, pick)
        layers = [layer.transform_filter(f"datum.series === {name}") for layer in layers]
        chart = alt.layer(*layers).add_params(chosen)
    else:
        chart = alt.layer(*layers)
    return finish(chart, title, subtitle, height, currency)


def ranked(
    frame: pd.DataFrame, by: str, value: str, title: str, unit: str, label: str, subtitle: str = "", group: str = "", pick: str = "By",
    tooltip: list[alt.Tooltip] | None = None, target: str = "", currency: str = "", name: str = "by", most: int = 15,
) -> Chart | None:  # fmt: skip
    """Bars in the order of the frame, longest story first; colored by `status` where the frame has one, a tick at `target`.

    With `group` a dropdown shows one group's bars at a time; `most` bars a group.
    """
    frame = frame.dropna(subset=[value])
    if frame.empty:
        return None
    columns = [by, value, *([group] if group else []), *([target] if target else []), *[t.shorthand.split(":")[0] for t in tooltip or []]]
    frame = frame.assign(status=frame.status if "status" in frame else "none")
    frame = frame.groupby(group, sort=False).head(most) if group else frame.head(most)
    frame = rows(frame, list(dict.fromkeys([*columns, "status"])))
    y = alt.Y(f"{by}:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False, labelColor=theme.INK, labelLimit=260))
    base = alt.Chart(frame)
    held = "status" in frame and frame.status.isin(["ok", "watch", "breach"]).any()
    color = (
        alt.Color(
            "status:N", scale=alt.Scale(domain=list(STATUSES), range=[theme.STATUS[s] for s in STATUSES]), legend=alt.Legend(title=None)
        )
        if held
        else alt.value(theme.OK)
    )
    layers = [
        base.mark_bar(height={"band": 0.68}).encode(
            y, alt.X(f"{value}:Q", axis=value_axis(unit, label)), color=color, tooltip=tooltip or []
        )
    ]
    if target:
        layers.append(
            base.mark_tick(color=theme.INK, thickness=2, size=18).encode(
                y, alt.X(f"{target}:Q"), tooltip=[alt.Tooltip(f"{target}:Q", title="Target", format=theme.FORMAT[unit])]
            )
        )
    groups = list(frame[group].unique()) if group else []
    tallest = int(frame.groupby(group).size().max()) if group else len(frame)
    chart = (
        alt.layer(*[layer.transform_filter(f"datum[{group!r}] === {name}") for layer in layers]) if len(groups) > 1 else alt.layer(*layers)
    )
    chart = chart.add_params(dropdown(name, groups, pick)) if len(groups) > 1 else chart
    return finish(chart, title, subtitle, 110 + 25 * tallest, currency)


STATUSES = ("ok", "watch", "breach", "none")
NEWS = {
    "in its usual range": (theme.MUTED, "circle"), "changed for the better": (theme.OK, "triangle-up"),
    "changed for the worse": (theme.BREACH, "triangle-down"), "changed": (theme.WATCH, "diamond"),
}  # fmt: skip


def meaning(signal: str, better: str) -> str:
    """What a signal means to the business: a rise is good news only where more is better."""
    way = str(signal).partition(":")[0]
    if way not in ("up", "down"):
        return "in its usual range"
    if better not in ("up", "down"):
        return "changed"
    return f"changed for the {'better' if way == better else 'worse'}"


def signal_words(signal: str) -> str:
    """`up:run` as a reader says it."""
    way, _, rule = str(signal).partition(":")
    if rule == "limits":
        return f"{'above its upper' if way == 'up' else 'below its lower'} limit"
    if rule == "run":
        return f"eight weeks in a row {'above' if way == 'up' else 'below'} its mean"
    if rule == "near":
        return f"three of four weeks close to its {'upper' if way == 'up' else 'lower'} limit"
    return "too little history to say" if way == "short" else "none: within its limits"
