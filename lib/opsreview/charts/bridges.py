"""Pictures of what stands behind a margin: where its costs come from, what changed it, what of it is still to come."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts import margin
from opsreview.charts.forms import Chart, Title, choose, finish, name_axis, named, rows, tips, told, value_axis, week_axis
from opsreview.titles_margin import CHANGES, COME_FROM

MOST_PARTS = 10  # parts of a change in the picture; the table has them all
CAME = {"came within its range": (theme.OK, "circle"), "came outside": (theme.BREACH, "diamond"), "expected": (theme.INK, "square")}
MOVES = {"level": (theme.NONE, "square"), "adds to margin": (theme.OK, "square"), "takes from margin": (theme.BREACH, "square")}


def come_from(frame: pd.DataFrame, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """Costs by where they come from, as shares, a bar a family or channel; the whole store on top. Rows: margin_provenance."""
    frame = frame[frame.costs > 0]
    if frame.empty:
        return None
    frame = frame.assign(name=frame.key.where(frame.grain != "all", "whole store"))
    tall = frame.melt(["grain", "name", "costs"], list(COME_FROM), "kind", "money")
    tall = tall.assign(share=tall.money / tall.costs, said=tall.kind.map(COME_FROM), place=tall.kind.map(list(COME_FROM).index))
    grains = [g for g in ("family", "channel") if (frame.grain == g).any()]
    whole = tall[tall.grain == "all"]
    tall = pd.concat([part for g in grains for part in (whole.assign(grain=g), tall[tall.grain == g])], ignore_index=True)
    base = alt.Chart(rows(tall, ["grain", "name", "said", "place", "money", "share"]))
    colors = alt.Scale(domain=list(COME_FROM.values()), range=[theme.OK, theme.KINDS[4], theme.WATCH, theme.NONE])
    bars = base.mark_bar(size=17).encode(
        alt.Y("name:N", sort=None, axis=name_axis(240)),
        alt.X("share:Q", stack="zero", scale=alt.Scale(nice=False), axis=value_axis("share", "Of the costs below gross margin")),
        color=alt.Color("said:N", scale=colors),
        order=alt.Order("place:Q"),
        tooltip=tips("name | Which", "said | Comes from", "share | Of its costs | share", "money | In the week | money"),
    )
    tallest = int(tall.groupby("grain").name.nunique().max())
    return finish(choose([bars], "grain", grains, "By"), title, subtitle, 110 + 26 * tallest, currency)


def changed(frame: pd.DataFrame, title: Title, subtitle: str = "", currency: str = "") -> Chart | None:
    """From the usual contribution to this week's, part by part, largest first; a family or channel at a time. Rows: Results.change."""
    tall = steps(frame)
    if tall.empty:
        return None
    keys = list(dict.fromkeys(tall.key))
    said = f"format(datum.amount, (datum.kind === 'level' ? '' : '+') + '{theme.MONEY}')"
    chart = margin.stairs(tall.assign(share=tall.amount / np.nan), keys, "Of", said, "Contribution margin of the week", MOVES)
    return finish(chart, told(title, keys), subtitle, 110 + margin.STEP * int(tall.groupby("key").size().max()), currency)


def steps(frame: pd.DataFrame) -> pd.DataFrame:
    """A change's waterfall: key, label, start, end, amount, kind, place; parts beyond the ten largest as one, so that it still closes."""
    out = []
    for (grain, key), own in frame[frame.kind != "memo"].groupby(["grain", "key"], sort=False):
        amount = own.set_index("part").amount
        parts = own[(own.kind == "part") & (own.amount != 0)]
        shown = [(CHANGES[p.part], p.amount) for p in parts.head(MOST_PARTS).itertuples()]
        if len(parts) > MOST_PARTS:
            shown.append((CHANGES["rest"], parts.amount.iloc[MOST_PARTS:].sum()))
        name, at = key if grain != "all" else "whole store", amount.baseline
        rows_ = [("Usual", 0.0, amount.baseline, amount.baseline, "level")]
        for label, by in shown:
            rows_.append((label, at, at + by, by, "adds to margin" if by > 0 else "takes from margin"))
            at += by
        rows_.append(("This week", 0.0, amount.contribution_margin, amount.contribution_margin, "level"))
        out += [(name, *row, i) for i, row in enumerate(rows_)]
    return pd.DataFrame(out, columns=["key", "label", "start", "end", "amount", "kind", "place"])


def late(frame: pd.DataFrame, span: list[str], title: Title, subtitle: str = "", currency: str = "") -> Chart | None:
    """What a week's late cost was said to come to in the week itself, with its range, and what came; a carrier or family at a time.

    Every week of `span` has its place, also one of which nothing is said. Rows: late_costs with `week` (of the cohort) and `name`; of past
    weeks what was said at age 0, of young ones what is said now.
    """
    frame = frame[(frame.age == 0) | frame.final.isna()].dropna(subset=["low"])
    if frame.empty:
        return None
    came = np.where((frame.final >= frame.low) & (frame.final <= frame.high), *list(CAME)[:2])
    frame = frame.assign(kind=np.where(frame.final.isna(), "expected", came), shown=frame.final.fillna(frame.expected))
    frame = frame.sort_values(["kind_place", "name", "week"], kind="stable")
    base = alt.Chart(rows(frame, ["name", "week", "known", "expected", "low", "high", "shown", "kind", "age"]))
    x = alt.X("week:O", axis=week_axis(), scale=alt.Scale(domain=span))
    y = {"axis": value_axis("money", "Of the week's cohort"), "scale": alt.Scale(zero=False)}
    tooltip = tips(
        "name | Of",
        "week | Week",
        "expected | Expected | money",
        "low | From | money",
        "high | To | money",
        "shown | Came, or expected | money",
        "known | Known when said | money",
        "age | Weeks old when said | units",
    )
    band = base.mark_bar(width=14, color=theme.BAND, opacity=1).encode(x, alt.Y("low:Q", **y), alt.Y2("high:Q"), tooltip=tooltip)
    middle = base.mark_tick(color=theme.MUTED, thickness=2, width=14).encode(x, alt.Y("expected:Q"), tooltip=tooltip)
    look = named("kind", frame.kind, CAME)
    point = base.mark_point(filled=True, size=70, opacity=1).encode(x, alt.Y("shown:Q"), **look, tooltip=tooltip)
    names = list(dict.fromkeys(frame.name))
    return finish(choose([band, middle, point], "name", names, "Of"), told(title, names), subtitle, 280, currency)
