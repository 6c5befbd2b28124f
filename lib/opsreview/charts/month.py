"""Pictures of the month: from contribution to EBITDA, and the cash that lies in stock."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from opsreview import theme
from opsreview.charts import margin
from opsreview.charts.forms import Chart, Title, choose, finish, name_axis, named, rows, tips, told, value_axis, week_axis
from opsreview.charts.margin import stairs

STEPS = {
    "contribution_margin": "Contribution", "marketing": "Advertising", "other_labor": "Other labor", "expedite": "Expediting",
    "transfer_freight": "Transfers", "fixed": "Fixed costs", "ebitda": "EBITDA",
}  # fmt: skip
WHOLE = "whole store"
CAME = {"recovered": (theme.OK, "square"), "costs more now": (theme.BREACH, "square")}
MOST_KEYS = 60  # families in a dropdown: those with most in stock


def ebitda(bridge: pd.DataFrame, title: Title, subtitle: str = "", currency: str = "") -> Chart | None:
    """From contribution to EBITDA, a month at a time. Rows: month, step, amount (costs negative), share of net revenue.

    A month without an EBITDA is left out, and in a month a cost that is not known.
    """
    out = []
    for month, own in bridge.groupby("month", sort=False):
        steps = own.set_index("step").loc[list(STEPS), ["amount", "share"]].astype(float)
        if steps.loc[["contribution_margin", "ebitda"], "amount"].isna().any():
            continue
        at = 0.0
        for step, amount, part in steps.dropna(subset="amount").itertuples():
            level = step in ("contribution_margin", "ebitda")
            start, at = (0.0, amount) if level else (at, at + amount)
            kind = "cost" if not level else "margin" if amount >= 0 else "margin below zero"
            out.append((month, STEPS[step], start, at, amount, part, kind))
    if not out:
        return None
    tall = pd.DataFrame(out, columns=["key", "label", "start", "end", "amount", "share", "kind"])
    here = [label for label in STEPS.values() if (tall.label == label).any()]
    tall["place"] = tall.label.map(here.index)
    months = list(dict.fromkeys(tall.key))
    chart = stairs(tall, months, "Month", f"format(datum.amount, '{theme.MONEY}')", "In the month", margin.STEPS)
    return finish(chart, told(title, months), subtitle, 120 + margin.STEP * len(here), currency)


def stock(weeks: pd.DataFrame, month: str, span: list[str], title: Title, subtitle: str = "", currency: str = "") -> Chart | None:
    """Stock at cost at the end of each week, a family at a time; the weeks of the month (`span`) in color. Rows: stock_weeks."""
    known = weeks.dropna(subset=["value"])
    if known.empty:
        return None
    whole = known.groupby("week", as_index=False)[["value", "goods"]].sum(min_count=1).assign(family=WHOLE)
    most = known[known.week == known.week.max()].nlargest(MOST_KEYS, "value").family.tolist()
    frame = pd.concat([whole, known[known.family.isin(most)]], ignore_index=True)
    looks = {"the weeks before": (theme.NONE, "square"), month: (theme.OK, "square")}
    frame["kind"] = frame.week.isin(span).map({True: month, False: "the weeks before"})
    frame["days"] = frame.value / (frame.goods / 7).where(frame.goods > 0)
    tooltip = tips(
        "family | Stock of", "week | End of", "value | Stock at cost | money", "goods | Sold in the week, at cost | money",
        "days | Days it would last | one",
    )  # fmt: skip
    bars = alt.Chart(rows(frame, ["family", "week", "value", "goods", "days", "kind"])).mark_bar()
    bars = bars.encode(
        alt.X("week:O", axis=week_axis()), alt.Y("value:Q", axis=value_axis("money", "Stock at the week's end, at cost")),
        color=named("kind", frame.kind, looks)["color"], tooltip=tooltip,
    )  # fmt: skip
    families = [WHOLE, *most]
    return finish(choose([bars], "family", families, "Stock of"), told(title, families), subtitle, 280, currency)


def recovered(decisions: pd.DataFrame, title: str, subtitle: str = "", currency: str = "") -> Chart | None:
    """What each kind of decision recovered a week. Rows: recovered, with `said`."""
    if decisions.empty:
        return None
    frame = decisions.assign(kind=np.where(decisions.recovered < 0, *list(CAME)[::-1]))
    tooltip = tips(
        "said | Decision", "taken | Taken | units", "done | Done | units", "early | Too early | units",
        "then | Cost a week then | money", "now | And now | money", "recovered | Recovered a week | money",
    )  # fmt: skip
    bars = alt.Chart(rows(frame, ["said", "taken", "done", "early", "then", "now", "recovered", "kind"])).mark_bar(size=17)
    bars = bars.encode(
        alt.Y("said:N", sort=None, axis=name_axis()), alt.X("recovered:Q", axis=value_axis("money", "Recovered a week")),
        color=named("kind", frame.kind, CAME)["color"], tooltip=tooltip,
    )  # fmt: skip
    return finish(bars, title, subtitle, 130 + 26 * len(frame), currency)
