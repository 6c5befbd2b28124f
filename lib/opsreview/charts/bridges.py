"""Pictures of what stands behind a margin: where its costs come from, what changed it, what of it is still to come."""

from __future__ import annotations

import altair as alt
import pandas as pd

from opsreview import theme
from opsreview.charts.forms import Chart, choose, finish, name_axis, rows, tips, value_axis
from opsreview.titles import COME_FROM


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
        alt.X("share:Q", stack="zero", axis=value_axis("share", "Of the costs below gross margin")),
        color=alt.Color("said:N", scale=colors),
        order=alt.Order("place:Q"),
        tooltip=tips("name | Which", "said | Comes from", "share | Of its costs | share", "money | In the week | money"),
    )
    tallest = int(tall.groupby("grain").name.nunique().max())
    return finish(choose([bars], "grain", grains, "By"), title, subtitle, 110 + 26 * tallest, currency)
