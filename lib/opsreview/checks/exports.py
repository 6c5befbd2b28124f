"""The exports themselves: what should have come and did not."""

from __future__ import annotations

import pandas as pd

from opsreview import catalog
from opsreview.checks import Context, check, found, say
from opsreview.formats import listing, words
from opsreview.intake.schema import TABLES

LOOKED_AT = 4  # weeks before W


@check
def export_missing(ctx: Context) -> pd.DataFrame:
    """Tables that came in three of the last four weeks and not in this one."""
    known, week = ctx.books.known, ctx.books.week
    least = ctx.threshold("export_missing", "of_last_4")
    rows = pd.DataFrame(
        {
            "entity": list(TABLES),
            "observed": [float(known.exported(table, week)) for table in TABLES],
            "came": [sum(known.exported(table, week - n) for n in range(1, LOOKED_AT + 1)) for table in TABLES],
        }
    )
    rows = rows[(rows["observed"] == 0) & (rows["came"] >= least)]
    return found(
        rows,
        title=say(rows, lambda r: f"No export of {words(r.entity)} came this week"),
        expected=1.0,
        threshold=least,
        severity="breach",
        basis="",
        decision="investigate",
        detail=say(rows, lambda r: f"came in {r.came} of the {LOOKED_AT} weeks before; {_costs(r.entity)}"),
        evidence=f"folders of {LOOKED_AT + 1} weeks",
    )


def _costs(table: str) -> str:
    kpis = [k.label for k in catalog.kpis().values() if any(need.partition(".")[0] == table for need in k.needs)]
    return f"without it: {listing(kpis)}" if kpis else "no KPI stands on it"
