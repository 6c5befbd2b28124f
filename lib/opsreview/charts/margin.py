"""Friday's pictures: from gross to contribution, who falls, what comes back, what leaks."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import Chart, choose, dropdown, finish, name_axis, named, rows, tips, value_axis, week_axis
from opsreview.titles import COSTS, LEAKS

ALL = "(all)"
GOODS = {"cost_of_goods": "Goods"}
MOST_KEYS = 200  # families in a dropdown


KEEPS = {
    "gross margin": (theme.NONE, "circle"), "contribution margin": (theme.OK, "circle"),
    "contribution margin below zero": (theme.BREACH, "diamond"),
}  # fmt: skip
STEPS = {"margin": (theme.OK, "square"), "cost": (theme.WATCH, "square"), "margin below zero": (theme.BREACH, "square")}
MOVES = {
    "falls most": (theme.BREACH, "circle"), "climbs most": (theme.OK, "circle"), "keeps its place, nearly": (theme.MUTED, "circle"),
}  # fmt: skip


def families(margin: pd.DataFrame, by: str, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """Gross and contribution margin share of each family or channel, joined by a line: how far costs carry it down."""
    frame = margin.dropna(subset=["contribution_margin_share"])
    if frame.empty:
        return None
    gross, kept, below = KEEPS
    frame = frame.sort_values("contribution_margin_share").head(25)
    frame = frame.assign(kind=np.where(frame.contribution_margin_share < 0, below, kept))
    shares = ["gross_margin_share", "contribution_margin_share", "accrued_share"]
    frame = rows(frame, [by, "net_revenue", "contribution_margin", *shares, "kind"])
    look = named("kind", pd.concat([pd.Series([gross]), frame.kind]), KEEPS)
    y = alt.Y(f"{by}:N", sort=None, axis=name_axis())
    start, end = alt.X("gross_margin_share:Q", axis=value_axis("share", "Share of net revenue")), alt.X("contribution_margin_share:Q")
    tooltip = tips(
        f"{by} | {by.capitalize()}", "net_revenue | Net revenue | money", "gross_margin_share | Gross margin | share",
        "contribution_margin_share | Contribution margin | share", "contribution_margin | Contribution margin | money",
        "accrued_share | Accrued share of its costs | share",
    )  # fmt: skip
    base = alt.Chart(frame)
    way = base.mark_rule(strokeWidth=5, color=theme.BAND).encode(y, start, alt.X2("contribution_margin_share:Q"), tooltip=tooltip)
    point = base.mark_point(filled=True, size=130, opacity=1)
    zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=theme.MUTED).encode(alt.X("zero:Q"))
    left = point.transform_calculate(kind=f"'{gross}'").encode(y, start, tooltip=tooltip, **look)
    chart = alt.layer(zero, way, left, point.encode(y, end, tooltip=tooltip, **look))
    return finish(chart, title, subtitle, 120 + 30 * len(frame), currency)


def steps(margin: pd.DataFrame, by: str = "family") -> pd.DataFrame:
    """A waterfall's rows: by, step, label, from, to, amount, share; `(all)` first where there are several. Empty costs count as 0."""
    labels = {"net_revenue": "Net revenue", **GOODS, "gross_margin": "Gross margin", **COSTS, "contribution_margin": "Contribution"}
    totals = margin[list(labels)].sum().to_frame().T.assign(**{by: ALL})
    whole = pd.concat([totals, margin.sort_values("net_revenue", ascending=False)] if len(margin) > 1 else [margin], ignore_index=True)
    tall = whole.assign(net=whole.net_revenue).melt([by, "net"], list(labels), "step", "amount")
    tall["amount"] = pd.to_numeric(tall.amount).fillna(0.0)
    cost = tall.step.isin([*GOODS, *COSTS])
    tall["signed"] = np.where(cost, -tall.amount, np.where(tall.step == "net_revenue", tall.amount, 0.0))
    tall["to"] = tall.groupby(by, sort=False).signed.cumsum()
    tall["from"] = np.where(cost, tall.to + tall.amount, 0.0)
    tall["to"] = np.where(cost, tall.to, tall.amount)
    return tall.assign(label=tall.step.map(labels), share=tall.amount / tall.net.where(tall.net > 0), kind=np.where(cost, "cost", "margin"))


def waterfall(margin: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", by: str = "family") -> Chart | None:
    """From net revenue to contribution margin, component by component; a family at a time. Rows: family_margin or channel_margin."""
    if margin.empty:
        return None
    tall = steps(margin, by)
    order, keys = list(dict.fromkeys(tall.label)), list(dict.fromkeys(tall[by]))[:MOST_KEYS]
    tall = tall[tall[by].isin(keys)].rename(columns={"from": "start", "to": "end", by: "key"})
    tall["kind"] = np.where(tall.kind == "cost", "cost", np.where(tall.amount < 0, "margin below zero", "margin"))
    said = alt.Text("share:Q", format=theme.SHARE)
    return finish(stairs(tall, order, keys, by.capitalize(), said, "In the week"), title, subtitle, 300, currency)


def stairs(tall: pd.DataFrame, order: list[str], keys: list[str], pick: str, said: alt.Text, axis: str) -> Chart:
    """A waterfall, a key at a time: margins stand on the ground, costs hang between them.

    Rows: key, label, start, end, amount, share, kind. `said`: what stands above each step; `axis`: what the money is of.
    """
    tall = tall.assign(top=tall[["start", "end"]].max(axis=1))
    base = alt.Chart(rows(tall, ["key", "label", "start", "end", "top", "amount", "share", "kind"]))
    x = alt.X("label:O", sort=order, axis=alt.Axis(title=None, labelAngle=0, ticks=False, labelColor=theme.INK))
    tooltip = tips(f"key | {pick}", "label | Step", "amount | Amount | money", "share | Of net revenue | share")
    color = named("kind", tall.kind, STEPS, offset=18)["color"]
    height = alt.Y("start:Q", axis=value_axis("money", axis))
    bars = base.mark_bar(width={"band": 0.7}).encode(x, height, alt.Y2("end:Q"), color=color, tooltip=tooltip)
    texts = base.mark_text(dy=-7, fontSize=12, color=theme.INK).encode(x, alt.Y("top:Q"), text=said, tooltip=tooltip)
    return choose([bars, texts], "key", keys, pick)


def largest(skus: pd.DataFrame, most: int) -> pd.DataFrame:
    """The SKUs with most net revenue, ranked among themselves: rank_gross, rank_contribution and fall anew."""
    top = skus.nlargest(most, "net_revenue")
    top = top.assign(rank_gross=top.rank_gross.rank(method="first"), rank_contribution=top.rank_contribution.rank(method="first"))
    return top.assign(fall=top.rank_contribution - top.rank_gross)


def rerank(skus: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", most: int = 25) -> Chart | None:
    """Rank by gross margin share at the left, by contribution at the right; who falls most is in color. Rows: sku_rank."""
    frame = skus.dropna(subset=["rank_gross", "rank_contribution"])
    if frame.empty:
        return None
    frame = largest(frame, most)
    fallers = frame[frame.fall > 0].nlargest(5, ["fall", "net_revenue"]).index
    climbers = frame[frame.fall < 0].nsmallest(3, "fall").index
    falls, climbs, keeps = MOVES
    frame["kind"] = np.where(frame.index.isin(fallers), falls, np.where(frame.index.isin(climbers), climbs, keeps))
    frame["culprit"] = frame.culprit.map(COSTS).fillna(frame.culprit)
    frame["through"] = frame.sku + "  (" + frame.culprit.astype(str) + ")"
    shown = ["sku", "name", "family", "net_revenue", "gross_margin_share", "contribution_margin_share", "rank_gross", "rank_contribution"]
    base = alt.Chart(rows(frame, [*shown, "kind", "culprit", "culprit_money", "through"]))
    tooltip = tips(
        "sku | SKU", "name | Name", "family | Family", "net_revenue | Net revenue | money", "gross_margin_share | Gross margin | share",
        "contribution_margin_share | Contribution margin | share", "rank_gross | Rank by gross | units",
        "rank_contribution | Rank by contribution | units", "culprit | Costs it most", "culprit_money | Beyond the store's share | money",
    )  # fmt: skip
    axis = {"scale": alt.Scale(domain=[0.4, len(frame) + 0.6], reverse=True, nice=False), "axis": None}
    start, end = alt.Y("rank_gross:Q", **axis), alt.Y("rank_contribution:Q", **axis)
    left, right = alt.value(180), alt.value(theme.WIDTH - 250)
    color = named("kind", frame.kind, MOVES, offset=26)["color"]
    width = alt.condition(f"datum.kind === '{keeps}'", alt.value(1.2), alt.value(2.6))
    line = base.mark_rule().encode(start, alt.Y2("rank_contribution:Q"), x=left, x2=right, color=color, strokeWidth=width, tooltip=tooltip)
    dot = base.mark_point(filled=True, size=45, opacity=1)
    name = base.mark_text(align="right", dx=-10, fontSize=11, limit=160).encode(start, x=left, text="sku:N", color=color)
    cost = base.mark_text(align="left", dx=10, fontSize=11, limit=230).encode(end, x=right, text="through:N", color=color)
    chart = alt.layer(
        line, dot.encode(start, x=left, color=color, tooltip=tooltip), dot.encode(end, x=right, color=color, tooltip=tooltip), name, cost,
        _heading("by gross margin", axis, left, "right"), _heading("by contribution margin", axis, right, "left"),
    )  # fmt: skip
    return finish(chart, title, subtitle, 150 + 18 * len(frame), currency)


def _heading(text: str, axis: dict, x: alt.value, align: str) -> Chart:
    """A column's name above the first rank."""
    mark = alt.Chart(pd.DataFrame({"at": [0.4], "text": [text]})).mark_text(
        align=align, baseline="bottom", dy=-4, dx=-10 if align == "right" else 10, fontWeight=600, color=theme.MUTED
    )
    return mark.encode(alt.Y("at:Q", **axis), x=x, text="text:N")


def returns_heat(reasons: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", most: int = 15) -> Chart | None:
    """Returned units of sold units, family by reason; families with most return cost. Rows: returns_reasons."""
    frame = reasons.dropna(subset=["rate"])
    if frame.empty:
        return None
    order = list(frame.groupby("family").cost.sum().sort_values(ascending=False).index[:most])
    across = list(frame.groupby("reason").cost.sum().sort_values(ascending=False).index)
    frame = rows(
        frame[frame.family.isin(order)], ["family", "reason", "returned_units", "sold_units", "rate", "cost", "ours_to_control", "team"]
    )
    frame["control"] = np.where(frame.ours_to_control.astype(bool), "yes", "no")
    frame["reason_said"] = frame.reason.str.replace("_", " ")
    base = alt.Chart(frame.drop(columns="ours_to_control"))
    x = alt.X(
        "reason_said:O",
        sort=[r.replace("_", " ") for r in across],
        axis=alt.Axis(title=None, orient="top", labelAngle=0, ticks=False, domain=False, labelColor=theme.INK, labelLimit=110),
    )
    y = alt.Y("family:O", sort=order, axis=alt.Axis(title=None, ticks=False, domain=False, labelColor=theme.INK))
    tooltip = tips(
        "family | Family",
        "reason_said | Reason",
        "rate | Of units sold | fine",
        "returned_units | Units returned | units",
        "sold_units | Units sold | units",
        "cost | Cost | money",
        "control | Ours to control",
        "team | Team",
    )
    dark = float(frame.rate.max()) * 0.55
    chart = base.mark_rect(stroke=theme.PAPER, strokeWidth=2).encode(
        x, y, color=alt.Color("rate:Q", scale=alt.Scale(range=theme.SEQUENTIAL, domainMin=0), legend=None), tooltip=tooltip
    ) + base.mark_text(fontSize=12).encode(
        x,
        y,
        text=alt.Text("rate:Q", format=".1%"),
        color=alt.condition(f"datum.rate > {dark}", alt.value(theme.PAPER), alt.value(theme.INK)),
        tooltip=tooltip,
    )
    return finish(chart, title, subtitle, 120 + 34 * len(order), currency)


def ledger(history: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", by: str = "week") -> Chart | None:
    """Leaks 1 to 4 stacked by week, in money or in basis points of net revenue. Rows: leak_history, part `total`.

    By month basis points stand first: months have four weeks or five.
    """
    frame = history[(history.part == "total") & history.leak.isin(["1", "2", "3", "4"])].dropna(subset=["amount"])
    if frame.empty:
        return None
    frame = rows(frame, [by, "leak", "amount", "basis_points"])
    frame["leak"] = frame.leak.map(LEAKS)
    bars = (
        alt.Chart(frame)
        .transform_calculate(shown="ledger_unit === 'money' ? datum.amount : datum.basis_points")
        .mark_bar()
        .encode(
            alt.X(f"{by}:O", axis=week_axis()),
            alt.Y(
                "shown:Q",
                stack="zero",
                axis=alt.Axis(
                    title=f"A {by}",
                    tickCount=5,
                    minExtent=52,
                    labelExpr="format(datum.value, ledger_unit === 'money' ? '$.3~s' : ',~f') + (ledger_unit === 'money' ? '' : ' bp')",
                ),
            ),
            color=alt.Color("leak:N", scale=alt.Scale(domain=list(LEAKS.values())[:4], range=theme.KINDS[:4])),
            order=alt.Order("leak:O"),
            tooltip=tips(
                f"{by} | {by.capitalize()}", "leak | Leak", "amount | Amount | money", "basis_points | Basis points of net revenue | one"
            ),
        )
    )
    units = ["money", "basis points"] if by == "week" else ["basis points", "money"]
    return finish(bars.add_params(dropdown("ledger_unit", units, "In")), title, subtitle, 300, currency)
