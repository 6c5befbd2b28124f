"""Friday's pictures: from gross to contribution, who falls, what comes back, what leaks."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import Chart, dropdown, finish, rows, tips, value_axis, week_axis

COSTS = {
    "packaging": "Packaging",
    "shipping": "Shipping",
    "pick_pack": "Pick & pack",
    "payment": "Payment",
    "channel_fees": "Channel fees",
    "support": "Support",
    "returns_reserve": "Returns",
}
LEAKS = {
    "1": "1 Demand planning variance",
    "2": "2 Inventory imbalance",
    "3": "3 Fulfillment cost creep",
    "4": "4 Returns drag",
    "5": "5 Poor cost attribution (memo)",
}
ALL = "(all)"


def families(margin: pd.DataFrame, by: str, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """Gross and contribution margin share of each family or channel, joined by a line: how far costs carry it down."""
    frame = margin.dropna(subset=["contribution_margin_share"]) if len(margin) else margin
    if frame.empty:
        return None
    frame = frame.sort_values("contribution_margin_share").head(25)
    frame = rows(
        frame,
        [by, "net_revenue", "gross_margin", "contribution_margin", "gross_margin_share", "contribution_margin_share", "accrued_share"],
    )
    y = alt.Y(f"{by}:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False, labelColor=theme.INK, labelLimit=220))
    x = alt.X("gross_margin_share:Q", axis=value_axis("share", "Share of net revenue"), scale=alt.Scale(zero=True))
    tooltip = tips(
        f"{by} | {by.capitalize()}",
        "net_revenue | Net revenue | money",
        "gross_margin_share | Gross margin | share",
        "contribution_margin_share | Contribution margin | share",
        "contribution_margin | Contribution margin | money",
        "accrued_share | Accrued share of its costs | share",
    )
    base = alt.Chart(frame)
    kinds = alt.Scale(
        domain=["gross margin", "contribution margin", "contribution margin below zero"], range=[theme.NONE, theme.OK, theme.BREACH]
    )
    below = "datum.contribution_margin_share < 0 ? 'contribution margin below zero' : 'contribution margin'"
    chart = alt.layer(
        alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=theme.MUTED).encode(alt.X("zero:Q")),
        base.mark_rule(strokeWidth=5, color=theme.BAND).encode(y, x, alt.X2("contribution_margin_share:Q"), tooltip=tooltip),
        base.mark_point(filled=True, size=110, opacity=1)
        .transform_calculate(kind="'gross margin'")
        .encode(y, x, color=alt.Color("kind:N", scale=kinds), tooltip=tooltip),
        base.mark_point(filled=True, size=150, opacity=1)
        .transform_calculate(kind=below)
        .encode(y, alt.X("contribution_margin_share:Q"), color=alt.Color("kind:N", scale=kinds), tooltip=tooltip),
    )
    return finish(chart, title, subtitle, 120 + 30 * len(frame), currency)


def steps(margin: pd.DataFrame, by: str = "family") -> pd.DataFrame:
    """A waterfall's rows: by, step, label, from, to, amount, share; `(all)` first, then by net revenue. Empty costs count as 0."""
    named = {"gross_margin": "Gross margin", **COSTS, "contribution_margin": "Contribution"}
    totals = margin[["net_revenue", *named]].sum().to_frame().T.assign(**{by: ALL})
    whole = pd.concat([totals, margin.sort_values("net_revenue", ascending=False)], ignore_index=True)
    tall = whole.melt([by, "net_revenue"], list(named), "step", "amount")
    tall["amount"] = pd.to_numeric(tall.amount).fillna(0.0)
    cost = tall.step.isin(COSTS)
    tall["signed"] = np.where(cost, -tall.amount, np.where(tall.step == "gross_margin", tall.amount, 0.0))
    tall["to"] = tall.groupby(by, sort=False).signed.cumsum()
    tall["from"] = np.where(cost, tall.to + tall.amount, 0.0)
    tall["to"] = np.where(tall.step == "contribution_margin", tall.amount, tall.to)
    return tall.assign(
        label=tall.step.map(named), share=tall.amount / tall.net_revenue.where(tall.net_revenue > 0), kind=np.where(cost, "cost", "margin")
    )


def waterfall(margin: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", by: str = "family") -> Chart | None:
    """From gross to contribution margin, cost by cost; a family at a time. Rows: family_margin or channel_margin."""
    if margin.empty:
        return None
    tall = steps(margin, by)
    order = list(dict.fromkeys(tall.label))
    names = list(dict.fromkeys(tall[by]))[:200]
    tall = tall[tall[by].isin(names)]
    tall["kind"] = np.where(tall.kind == "cost", "cost", np.where(tall.amount < 0, "margin below zero", "margin"))
    frame = rows(tall, [by, "label", "from", "to", "amount", "share", "kind"]).rename(columns={"from": "start", "to": "end", by: "key"})
    base = alt.Chart(frame).transform_filter("datum.key === margin_key")
    x = alt.X("label:O", sort=order, axis=alt.Axis(title=None, labelAngle=0, ticks=False, labelColor=theme.INK))
    tooltip = tips(f"key | {by.capitalize()}", "label | Step", "amount | Amount | money", "share | Of net revenue | share")
    kinds = alt.Scale(domain=["margin", "cost", "margin below zero"], range=[theme.OK, theme.WATCH, theme.BREACH])
    bars = base.mark_bar(width={"band": 0.7}).encode(
        x,
        alt.Y("start:Q", axis=value_axis("money", "In the week")),
        alt.Y2("end:Q"),
        color=alt.Color("kind:N", scale=kinds, legend=alt.Legend(title=None, offset=18)),
        tooltip=tooltip,
    )
    texts = (
        base.mark_text(dy=-7, fontSize=12, color=theme.INK)
        .transform_calculate(top="max(datum.start, datum.end)")
        .encode(x, alt.Y("top:Q"), text=alt.Text("share:Q", format=theme.SHARE), tooltip=tooltip)
    )
    return finish((bars + texts).add_params(dropdown("margin_key", names, by.capitalize())), title, subtitle, 300, currency)


def largest(skus: pd.DataFrame, most: int) -> pd.DataFrame:
    """The SKUs with most net revenue, ranked among themselves: rank_gross, rank_contribution and fall anew."""
    top = skus.nlargest(most, "net_revenue")
    top = top.assign(rank_gross=top.rank_gross.rank(method="first"), rank_contribution=top.rank_contribution.rank(method="first"))
    return top.assign(fall=top.rank_contribution - top.rank_gross)


def rerank(skus: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", most: int = 25) -> Chart | None:
    """Rank by gross margin share at the left, by contribution at the right; who falls most is in color. Rows: sku_rank."""
    frame = skus.dropna(subset=["rank_gross", "rank_contribution"]) if len(skus) else skus
    if frame.empty:
        return None
    frame = largest(frame, most).rename(columns={"rank_gross": "left", "rank_contribution": "right", "fall": "drop"})
    fallers = frame[frame["drop"] > 0].nlargest(5, ["drop", "net_revenue"]).index
    climbers = frame[frame["drop"] < 0].nsmallest(3, ["drop"]).index
    frame["kind"] = np.where(frame.index.isin(fallers), MOVES[0], np.where(frame.index.isin(climbers), MOVES[1], MOVES[2]))
    frame["culprit"] = frame.culprit.map(COSTS).fillna(frame.culprit)
    frame["lost"] = frame.sku + "  (" + frame.culprit.astype(str) + ")"
    frame = rows(
        frame,
        [
            "sku",
            "name",
            "family",
            "net_revenue",
            "gross_margin_share",
            "contribution_margin_share",
            "left",
            "right",
            "kind",
            "culprit",
            "culprit_money",
            "lost",
        ],
    )
    n = len(frame)
    scale = alt.Scale(domain=[0.4, n + 0.6], reverse=True, nice=False)
    color = alt.Color(
        "kind:N", scale=alt.Scale(domain=list(MOVES), range=[theme.BREACH, theme.OK, theme.MUTED]), legend=alt.Legend(title=None, offset=26)
    )
    tooltip = tips(
        "sku | SKU",
        "name | Name",
        "family | Family",
        "net_revenue | Net revenue | money",
        "gross_margin_share | Gross margin | share",
        "contribution_margin_share | Contribution margin | share",
        "left | Rank by gross",
        "right | Rank by contribution",
        "culprit | Costs it most",
        "culprit_money | Beyond the store's share | money",
    )
    base = alt.Chart(frame)
    left, right = alt.value(190), alt.value(theme.WIDTH - 250)
    axis = {"scale": scale, "axis": None}
    width = alt.condition("datum.kind === 'keeps its place, nearly'", alt.value(1.2), alt.value(2.6))
    chart = alt.layer(
        base.mark_rule().encode(
            alt.Y("left:Q", **axis), alt.Y2("right:Q"), x=left, x2=right, color=color, strokeWidth=width, tooltip=tooltip
        ),
        base.mark_point(filled=True, size=45, opacity=1).encode(alt.Y("left:Q", **axis), x=left, color=color, tooltip=tooltip),
        base.mark_point(filled=True, size=45, opacity=1).encode(alt.Y("right:Q", **axis), x=right, color=color, tooltip=tooltip),
        base.mark_text(align="right", dx=-10, fontSize=11, limit=170).encode(alt.Y("left:Q", **axis), x=left, text="sku:N", color=color),
        base.mark_text(align="left", dx=10, fontSize=11, limit=230).encode(alt.Y("right:Q", **axis), x=right, text="lost:N", color=color),
        alt.Chart(pd.DataFrame({"at": [0.4], "text": ["by gross margin"]}))
        .mark_text(align="right", baseline="bottom", dy=-4, dx=-10, fontWeight=600, color=theme.MUTED)
        .encode(alt.Y("at:Q", **axis), x=left, text="text:N"),
        alt.Chart(pd.DataFrame({"at": [0.4], "text": ["by contribution margin"]}))
        .mark_text(align="left", baseline="bottom", dy=-4, dx=10, fontWeight=600, color=theme.MUTED)
        .encode(alt.Y("at:Q", **axis), x=right, text="text:N"),
    )
    return finish(chart, title, subtitle, 150 + 18 * n, currency)


MOVES = ("falls most", "climbs most", "keeps its place, nearly")


def returns_heat(reasons: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", most: int = 15) -> Chart | None:
    """Returned units of sold units, family by reason; families with most return cost. Rows: returns_reasons."""
    frame = reasons.dropna(subset=["rate"]) if len(reasons) else reasons
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


def ledger(history: pd.DataFrame, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """Leaks 1 to 4 stacked by week, in money or in basis points of net revenue. Rows: leak_history, part `total`."""
    frame = (
        history[(history.part == "total") & history.leak.isin(["1", "2", "3", "4"])].dropna(subset=["amount"]) if len(history) else history
    )
    if frame.empty:
        return None
    frame = rows(frame, ["week", "leak", "amount", "basis_points"])
    frame["leak"] = frame.leak.map(LEAKS)
    bars = (
        alt.Chart(frame)
        .transform_calculate(shown="ledger_unit === 'money' ? datum.amount : datum.basis_points")
        .mark_bar()
        .encode(
            alt.X("week:O", axis=week_axis()),
            alt.Y(
                "shown:Q",
                stack="zero",
                axis=alt.Axis(
                    title="A week",
                    tickCount=5,
                    labelExpr="format(datum.value, ledger_unit === 'money' ? '$.3~s' : ',~f') + (ledger_unit === 'money' ? '' : ' bp')",
                ),
            ),
            color=alt.Color("leak:N", scale=alt.Scale(domain=list(LEAKS.values())[:4], range=theme.KINDS[:4])),
            order=alt.Order("leak:O"),
            tooltip=tips("week | Week", "leak | Leak", "amount | Amount | money", "basis_points | Basis points of net revenue | one"),
        )
    )
    return finish(bars.add_params(dropdown("ledger_unit", ["money", "basis points"], "In")), title, subtitle, 300, currency)
