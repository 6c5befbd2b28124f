"""What a week's figures stand on: what was read, what is missing, what came in part, and what stands in for it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import judgement
from opsreview.reconcile import ties

LATE = {"carrier": "carrier_charges", "returns": "returns", "support": "support_tickets"}  # the table that a kind of late cost comes with


def trust(results: Any) -> dict[str, Any]:
    """What the figures stand on: weeks and tables read, rows kept and set aside, what is missing, how fresh, what ties."""
    exports, fresh = results.exports, results.measured.summary.frame("freshness")
    manifest = pd.DataFrame(exports.manifest)
    sums = {c: int(manifest[c].sum()) for c in manifest.columns if c.startswith("rows_")}
    # Of our tables: a row of a vendor's file may be none of ours, or several, and counts once for each table.
    sums["rows_read"] += sums.pop("rows_split") - sums.pop("rows_elsewhere")
    return {
        "weeks_read": len(exports.weeks),
        "first_week": str(exports.weeks[0]),
        "tables": fresh.to_dict("records"),
        "tables_this_week": int((fresh["last_week"].astype(str) == str(results.week)).sum()),
        **sums,
        "quarantine_reasons": exports.quarantine_reasons(),
        "missing": results.missing,
        "ended_early": results.measured.came[str(results.week)]["ended_early"],
        "unrecognised": exports.unrecognised,
        "dropped_columns": exports.dropped_columns,
        "notices": [*exports.notices, *results.notices],
        "uncosted_revenue": float(results.sku_margin.query("cost_of_goods.isna()")["net_revenue"].sum()),
        "unknown_skus": len(results.measured.summary.frame("unknown_skus")),
        "ties": ties(results.reconciliation),
    }


def missing(results: Any) -> list[dict[str, Any]]:
    """What was not exported and what it costs: table (or table.column), weeks, costs (the KPIs that are n/a for it).

    Of a table that the contribution margin can do without also `instead`, what stands in for it, and `beside`, the KPIs which that moves.
    """
    out = judgement.missing(results.measured.cards[results.week].facts["missing"])
    for entry in results.measured.came[str(results.week)]["instead"]:
        said = {"instead": entry["instead"], "beside": entry["beside"]}
        known = next((m for m in out if m["table"] == entry["table"]), None)
        if known:
            known |= said
        else:
            out.append({"table": entry["table"], "weeks": entry["weeks"], "costs": [], **said})
    return sorted(out, key=lambda m: m["table"])
