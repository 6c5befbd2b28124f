"""Pictures of the exports themselves: which table came when, and with how many rows."""

from __future__ import annotations

import altair as alt
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import Chart, finish, named, rows, tips, week_axis

MARKS = {
    "missing": (theme.BREACH, "cross"), "stale": (theme.WATCH, "triangle-up"), "odd in size": (theme.INK, "diamond"),
    "columns gone": (theme.KINDS[0], "square"),
}  # fmt: skip
SAYS = {"missing": "missing", "stale": "stale", "odd": "odd in size", "changed": "columns gone"}


def export_heat(weeks: pd.DataFrame, title: str, subtitle: str = "") -> Chart | None:
    """Weeks by table: rows against the table's own history, with marks on what was missing, stale, odd or changed. Rows: export_weeks."""
    if weeks.empty:
        return None
    frame = weeks.assign(
        times=(weeks["rows"] / weeks.centre.where(weeks.centre > 0)).clip(upper=2).fillna(1.0).where(weeks["rows"].notna()),
        mark=weeks.state.map(SAYS).fillna(""), name=weeks.table.str.replace("_", " "), days=weeks.age_hours / 24,
    )  # fmt: skip
    frame = rows(frame, ["name", "week", "rows", "centre", "times", "days", "gone", "state", "mark"])
    order = list(frame.name.unique())
    x, y = (
        alt.X("week:O", axis=week_axis()),
        alt.Y("name:O", sort=order, axis=alt.Axis(title=None, ticks=False, domain=False, labelColor=theme.INK)),
    )
    tooltip = tips(
        "name | Table", "week | Week", "state | State", "rows | Rows | units", "centre | Usual rows | units",
        "days | Newest event, days before the week's end | one", "gone | Columns gone",
    )  # fmt: skip
    base = alt.Chart(frame)
    scale = alt.Scale(range=[theme.PAPER, theme.SEQUENTIAL[1], theme.SEQUENTIAL[3]], domain=[0, 1, 2])
    cells = base.transform_filter("isValid(datum.times)").mark_rect(stroke=theme.PAPER, strokeWidth=1.5)
    cells = cells.encode(x, y, fill=alt.Fill("times:Q", scale=scale, legend=None), tooltip=tooltip)
    marked = frame[frame.mark != ""]
    layers = [cells]
    if len(marked):
        points = base.transform_filter("datum.mark !== ''").mark_point(filled=True, size=90, opacity=1, stroke=theme.PAPER, strokeWidth=1)
        layers.append(points.encode(x, y, tooltip=tooltip, **named("mark", marked.mark, MARKS)))
    return finish(alt.layer(*layers), title, subtitle, 130 + 24 * len(order))
