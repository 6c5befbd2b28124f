"""Pictures of the range and of returns: who earns what, where profit is made and destroyed, what a return costs."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import Chart, finish, name_axis, named, rows, tips, value_axis

QUADRANTS = {
    "earns": (theme.OK, "circle"), "thin, and earns": (theme.NONE, "circle"), "false confidence": (theme.WATCH, "diamond"),
    "too few to say": (theme.NONE, "diamond"),
    "loses at both": (theme.BREACH, "square"),
}  # fmt: skip
SIDES = {"makes profit": (theme.OK, "circle"), "destroys profit": (theme.BREACH, "circle")}
GROUPS = {  # the parts drawn together: ten colors in a bar are no key
    "outbound": ("Sent for nothing", ["outbound"]),
    "back": ("Back and restocked", ["reverse_shipping", "handling", "restock_labor", "under_way"]),
    "lost": ("Value lost", ["refurbish", "markdown", "write_off", "pending"]), "support": ("Support", ["support"]),
}  # fmt: skip
MOST_NAMED, FEW_NAMED = 6, 2  # SKUs named in a scatter, and in a narrow one
EDGE = 0.6  # shares beyond which a SKU is drawn at the edge: one that loses thrice its revenue would squeeze the rest


def portfolio(skus: pd.DataFrame, gross: float, contribution: float, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """SKUs by gross and by contribution margin share, size by net revenue, the two targets as lines. Rows: portfolio."""
    if skus.empty:
        return None
    shown = ["sku", "name", "family", "net_revenue", "gross_share", "contribution_share", "contribution_margin", "quadrant"]
    frame = rows(skus, shown).sort_values("net_revenue", ascending=False)
    frame["x"], frame["y"] = frame.gross_share.clip(-EDGE, 1.0), frame.contribution_share.clip(-EDGE, 1.0)
    tooltip = tips(
        "sku | SKU", "name | Name", "family | Family", "net_revenue | Net revenue | money", "gross_share | Gross margin | share",
        "contribution_share | Contribution margin | share", "contribution_margin | Contribution | money", "quadrant | It",
    )  # fmt: skip
    size = alt.Size("net_revenue:Q", scale=alt.Scale(range=[25, 900]), legend=None)
    scale = alt.Scale(zero=False, nice=True)
    dots = alt.Chart(frame).mark_point(filled=True, opacity=0.75, stroke=theme.PAPER, strokeWidth=1)
    dots = dots.encode(
        alt.X("x:Q", axis=value_axis("share", "Gross margin"), scale=scale),
        alt.Y("y:Q", axis=value_axis("share", "Contribution margin"), scale=scale),
        **named("quadrant", frame.quadrant, QUADRANTS), size=size, tooltip=tooltip,
    )  # fmt: skip
    line = {"color": theme.MUTED, "strokeDash": [4, 4]}
    across = alt.Chart(pd.DataFrame({"at": [contribution]})).mark_rule(**line).encode(alt.Y("at:Q"))
    down = alt.Chart(pd.DataFrame({"at": [gross]})).mark_rule(**line).encode(alt.X("at:Q"))
    worst = _apart(frame[frame.quadrant.isin(["false confidence", "loses at both"])], frame)
    reach = frame[["x", "y"]].agg(np.ptp)
    close = (worst.y - contribution).abs() < 0.04 * reach.y
    worst = worst.assign(
        said=worst["name"].where(worst["name"].fillna("") != "", worst.sku), left=worst.x > frame.x.max() - 0.3 * reach.x,
        few=np.arange(len(worst)) < FEW_NAMED, lift=np.where(close, np.where(worst.y < contribution, 12, -12), 0),
    )  # fmt: skip
    names = [  # beside its mark, towards the middle, and off the line of the target
        alt.Chart(own[["said", "x", "y"]])
        .mark_text(
            align="right" if left else "left",
            dx=-14 if left else 14,
            dy=float(lift),
            fontSize=12,
            color=theme.INK,
            opacity=alt.ExprRef(f"width > 450 || {str(few).lower()} ? 1 : 0"),
        )
        .encode(alt.X("x:Q"), alt.Y("y:Q"), text="said:N")
        for (left, lift, few), own in worst.groupby(["left", "lift", "few"])
    ]
    return finish(alt.layer(across, down, dots, *names), title, subtitle, 400, currency)


def _apart(wanted: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The first SKUs to be named, those left out whose name would lie upon another's."""
    wide, high = ((frame[c].max() - frame[c].min()) / part for c, part in (("x", 9), ("y", 14)))
    kept: list[tuple[int, float, float]] = []
    for i, x, y in wanted.head(2 * MOST_NAMED)[["x", "y"]].itertuples():
        if len(kept) < MOST_NAMED and not any(abs(x - other_x) < wide and abs(y - other_y) < high for _, other_x, other_y in kept):
            kept.append((i, x, y))
    return wanted.loc[[i for i, *_ in kept]]


def whale(skus: pd.DataFrame, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """Contribution of the SKUs from the best to the worst, added up: it climbs while they make profit and falls where they destroy it."""
    if skus.empty:
        return None
    frame = rows(skus, ["sku", "name", "contribution_margin", "cumulative", "place"])
    frame["kind"] = np.where(frame.contribution_margin < 0, "destroys profit", "makes profit")
    tooltip = tips(
        "sku | SKU", "name | Name", "contribution_margin | Contribution | money", "cumulative | With all before it | money",
        "place | Of the range | share",
    )  # fmt: skip
    base = alt.Chart(frame)
    x = alt.X("place:Q", axis=value_axis("share", "Of the SKUs, the most profitable first"), scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("cumulative:Q", axis=value_axis("money", "Contribution over 28 days"))
    line = base.mark_line(color=theme.MUTED, strokeWidth=1.5).encode(x, y)
    dots = base.mark_point(filled=True, size=30, opacity=1).encode(x, y, **named("kind", frame.kind, SIDES), tooltip=tooltip)
    total = alt.Chart(frame.tail(1)[["cumulative"]]).mark_rule(color=theme.MUTED, strokeDash=[4, 4]).encode(alt.Y("cumulative:Q"))
    return finish(alt.layer(total, line, dots), title, subtitle, 300, currency)


def grouped(bill: pd.DataFrame) -> pd.DataFrame:
    """The bill with its parts added up to GROUPS, which add up to its total."""
    return bill.assign(**{name: bill[parts].sum(axis=1) for name, (_, parts) in GROUPS.items()})


def returns_bill(bill: pd.DataFrame, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """What the returns of each reason cost, part by part. Rows: returns_bill of grain reason."""
    frame = bill[bill.grain == "reason"].sort_values("total", ascending=False).head(12)
    if frame.empty:
        return None
    frame = grouped(frame).assign(said=frame.key.str.replace("_", " "), control=np.where(frame.ours, "yes", "no"))
    parts = [part for part in GROUPS if frame[part].abs().sum() > 0]
    tall = frame.melt(["said", "units", "total", "control", "team"], parts, "part", "amount")
    tall["order"], tall["part"] = tall.part.map(list(GROUPS).index), tall.part.map({part: name for part, (name, _) in GROUPS.items()})
    color = alt.Color("part:N", scale=alt.Scale(domain=[GROUPS[p][0] for p in parts], range=theme.KINDS[: len(parts)]))
    tooltip = tips(
        "said | Reason", "part | Part", "amount | Amount | money", "total | All of it | money", "units | Units | units",
        "control | Ours to control", "team | Team",
    )  # fmt: skip
    y = alt.Y("said:N", sort=frame.said.tolist(), axis=name_axis())
    x = alt.X("amount:Q", stack="zero", axis=value_axis("money", "Over 28 days"))
    bars = alt.Chart(tall).mark_bar(size=18).encode(y, x, color=color, order=alt.Order("order:Q"), tooltip=tooltip)
    return finish(bars, title, subtitle, 150 + 28 * len(frame), currency)
