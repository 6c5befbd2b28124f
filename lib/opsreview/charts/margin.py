"""Friday's pictures: from gross to contribution, who falls, what comes back, what leaks."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import PICKED, Chart, Title, choose, dropdown, finish, name_axis, named, rows, tips, told, value_axis, week_axis
from opsreview.titles import COSTS, LEAKS

ALL = "(all)"
GOODS = {"cost_of_goods": "Goods"}
MOST_KEYS = 200  # families in a dropdown
CHANNEL = "channel "  # before a channel's name, where families stand in the same dropdown
ROOM = 64  # px for what stands beside the longest step of a waterfall
STEP = 25  # px of a step
NAMES_END, CAUSES_BEGIN = 0.3, 0.62  # of the re-rank's width: between them run the lines


KEEPS = {
    "gross margin": (theme.NONE, "circle"), "contribution margin": (theme.OK, "circle"),
    "contribution margin below zero": (theme.BREACH, "diamond"),
}  # fmt: skip
STEPS = {"margin": (theme.OK, "square"), "cost": (theme.WATCH, "square"), "margin below zero": (theme.BREACH, "square")}
MOVES = {
    "falls most": (theme.BREACH, "circle"), "climbs most": (theme.OK, "circle"), "others": (theme.MUTED, "circle"),
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


def waterfall(
    margin: pd.DataFrame, title: Title, subtitle: str = "", currency: str = "", by: str = "family", channels: pd.DataFrame | None = None
) -> Chart | None:  # fmt: skip
    """From net revenue to contribution margin, component by component; the whole, a family or a channel at a time.

    Rows: family_margin; `channels`: channel_margin, whose options are named `channel web`.
    """
    if margin.empty:
        return None
    tall = steps(margin, by).rename(columns={by: "key"})
    if channels is not None and len(channels) > 1:
        also = steps(channels, "channel").rename(columns={"channel": "key"})
        tall = pd.concat([tall, also[also.key != ALL].assign(key=lambda f: CHANNEL + f.key)], ignore_index=True)
    order, keys = list(dict.fromkeys(tall.label)), list(dict.fromkeys(tall.key))[:MOST_KEYS]
    tall = tall[tall.key.isin(keys)].rename(columns={"from": "start", "to": "end"})
    tall["kind"] = np.where(tall.kind == "cost", "cost", np.where(tall.amount < 0, "margin below zero", "margin"))
    tall["place"] = tall.label.map(order.index)
    chart = stairs(tall, keys, "Of", f"format(datum.share, '{theme.SHARE}')", "In the week", STEPS)
    return finish(chart, told(title, keys), subtitle, 110 + STEP * len(order), currency)


def stairs(tall: pd.DataFrame, keys: list[str], pick: str, said: str, axis: str, looks: dict[str, tuple[str, str]]) -> Chart:
    """A waterfall, a key at a time, from the top down: levels stand on zero, what lies between them hangs where it begins.

    Rows: key, label, start, end, amount, share, kind, place. `said`: the expression of what stands beside each step; `axis`: what the
    money is of; `looks`: colors by kind.
    """
    ends = tall.groupby("key")[["start", "end"]]
    tall = tall.assign(
        right=tall[["start", "end"]].max(axis=1), reach=ends.transform("max").max(axis=1) - ends.transform("min").min(axis=1)
    )
    base = alt.Chart(rows(tall, ["key", "label", "start", "end", "right", "reach", "amount", "share", "kind", "place"]))
    y = alt.Y("label:N", sort=alt.SortField("place"), axis=name_axis())
    x = alt.X("start:Q", axis=value_axis("money", axis), scale=alt.Scale(nice=False))
    tooltip = tips(f"key | {pick}", "label | Step", "amount | Amount | cents", "share | Of net revenue | share")
    color = named("kind", tall.kind, looks)["color"]
    bars = base.mark_bar(size=15).encode(y, x, alt.X2("end:Q"), color=color, tooltip=tooltip)
    texts = base.transform_calculate(said=said).mark_text(align="left", dx=5, fontSize=12, color=theme.INK)
    # Unseen marks, so that what is said beside a step stays inside the frame, however narrow.
    edge = base.transform_calculate(room=f"datum.right + datum.reach * {ROOM} / max({ROOM}, width - {ROOM})").mark_point(opacity=0)
    return choose(
        [edge.encode(y, alt.X("room:Q")), bars, texts.encode(y, alt.X("right:Q"), text="said:N", tooltip=tooltip)], "key", keys, pick
    )


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
    # A fall is through the cost furthest above the store's share, a climb through the one furthest below; where that is little, nothing.
    up = frame.fall < 0
    frame["culprit"] = frame.culprit.mask(up, frame.relief).map(COSTS).fillna("")
    frame["culprit_money"] = frame.culprit_money.mask(up, -frame.relief_money)
    frame["said"] = frame["name"].where(frame["name"].fillna("") != "", frame.sku)
    frame["through"] = frame.said + ("  (" + frame.culprit + ")").where((frame.culprit != "") & (frame.fall != 0), "")
    shown = ["sku", "name", "family", "net_revenue", "gross_margin_share", "contribution_margin_share", "rank_gross", "rank_contribution"]
    base = alt.Chart(rows(frame, [*shown, "kind", "culprit", "culprit_money", "said", "through"]))
    tooltip = tips(
        "sku | SKU", "name | Name", "family | Family", "net_revenue | Net revenue | money", "gross_margin_share | Gross margin | share",
        "contribution_margin_share | Contribution margin | share", "rank_gross | Rank by gross | units",
        "rank_contribution | Rank by contribution | units", "culprit | Through", "culprit_money | Beyond the store's share | money",
    )  # fmt: skip
    axis = {"scale": alt.Scale(domain=[0.4, len(frame) + 0.6], reverse=True, nice=False), "axis": None}
    start, end = alt.Y("rank_gross:Q", **axis), alt.Y("rank_contribution:Q", **axis)
    left, right = (alt.value(alt.ExprRef(f"{part} * width")) for part in (NAMES_END, CAUSES_BEGIN))
    color = named("kind", frame.kind, MOVES, offset=26)["color"]
    width = alt.condition(f"datum.kind === '{keeps}'", alt.value(1.2), alt.value(2.6))
    line = base.mark_rule().encode(start, alt.Y2("rank_contribution:Q"), x=left, x2=right, color=color, strokeWidth=width, tooltip=tooltip)
    dot = base.mark_point(filled=True, size=45, opacity=1)
    name = base.mark_text(align="right", dx=-10, fontSize=12, limit=alt.ExprRef(f"{NAMES_END} * width - 12")).encode(
        start, x=left, text="said:N", color=color
    )
    cost = base.mark_text(align="left", dx=10, fontSize=12, limit=alt.ExprRef(f"{1 - CAUSES_BEGIN} * width - 12")).encode(
        end, x=right, text="through:N", color=color
    )
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
        axis=alt.Axis(
            title=None,
            orient="top",
            labelAngle=alt.ExprRef("width < 500 ? -90 : 0"),
            ticks=False,
            domain=False,
            labelAlign=alt.ExprRef("width < 500 ? 'left' : 'center'"),
            labelColor=theme.INK,
            labelLimit=110,
        ),
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


LEDGER = ["amount", "basis_points", "without"]


def ledger(history: pd.DataFrame, title: str, subtitle: str = "", currency: str = "", by: str = "week") -> Chart | None:
    """Leaks 1 to 4 stacked by week, in money or in basis points of net revenue. Rows: leak_history, part
    `total`; those with `without` are pale.

    By month basis points stand first: months have four weeks or five.
    """
    frame = history[(history.part == "total") & history.leak.isin(["1", "2", "3", "4"])].dropna(subset=["amount"])
    if frame.empty:
        return None
    frame = rows(frame.assign(without=frame.without.str.replace("_", " ").replace("", "nothing")), [by, "leak", *LEDGER])
    frame["leak"] = frame.leak.map(LEAKS)
    bars = (
        alt.Chart(frame)
        .transform_calculate(shown=f"{PICKED} === 'money' ? datum.amount : datum.basis_points")
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
                    labelExpr=f"format(datum.value, {PICKED} === 'money' ? '$.3~s' : ',~f') + ({PICKED} === 'money' ? '' : ' bp')",
                ),
            ),
            color=alt.Color("leak:N", scale=alt.Scale(domain=list(LEAKS.values())[:4], range=theme.KINDS[:4])),
            order=alt.Order("leak:O"),
            opacity=alt.condition("datum.without == 'nothing'", alt.value(1.0), alt.value(0.4)),  # a bar in part is none to compare
            tooltip=tips(
                f"{by} | {by.capitalize()}",
                "leak | Leak",
                "amount | Amount | money",
                "basis_points | Basis points of net revenue | one",
                "without | Not known, not in it",
            ),
        )
    )
    units = ["money", "basis points"] if by == "week" else ["basis points", "money"]
    return finish(bars.add_params(dropdown(units, "In")), title, subtitle, 300, currency)
