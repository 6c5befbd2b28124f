"""What a week's figures stand on: what was read, what is missing, what came in part, and what stands in for it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview.reconcile import ties


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
        "unrecognised": exports.unrecognised,
        "dropped_columns": exports.dropped_columns,
        "notices": [*exports.notices, *results.notices],
        "uncosted_revenue": float(results.sku_margin.query("cost_of_goods.isna()")["net_revenue"].sum()),
        "unknown_skus": len(results.measured.summary.frame("unknown_skus")),
        "ties": ties(results.reconciliation),
    }
