"""Our figures against what a system's own report says: where they do not tie, and what would explain it."""

from __future__ import annotations

import pandas as pd

from opsreview.checks import GRAVE_TIMES, Context, check, found, nothing, say
from opsreview.formats import count, listing, number, words
from opsreview.reconcile import COUNTED, KEY, Report, bridges, tolerance

TIMELESS = "if_rows_set_aside_count"  # what is in quarantine may leave it: not what a finding is remembered by


@check
def control_total_mismatch(ctx: Context) -> pd.DataFrame:
    """Sources whose report differs from our figures by more than the tolerance: one finding a source, its totals inside."""
    steps = bridges(ctx.books)
    wide = steps[steps["kind"].isin(["figure", "reported", "residual"])].pivot(index=KEY, columns="kind", values="amount")
    wide = wide.reindex(columns=["figure", "reported", "residual"]).dropna().reset_index()
    if wide.empty:
        return nothing()
    reports = [Report(*row, reported) for *row, reported in wide[[*KEY, "reported"]].itertuples(index=False, name=None)]
    wide["allowed"] = [tolerance(ctx.books, r) for r in reports]
    wide["times"] = wide["residual"].abs() / wide["allowed"].clip(lower=1e-9)
    rows = wide[wide["times"] > 1 + 1e-9].assign(counted=lambda f: f["measure"].isin(COUNTED))
    rows = rows.sort_values(["counted", "times"], ascending=[True, False], kind="stable")  # money first
    if rows.empty:
        return nothing()
    rows["said"] = say(rows, lambda r: f"{words(r.measure)} {_amount(ctx, r.measure, abs(r.residual))} {_way(r.residual)}")
    explained = steps[(steps["kind"] == "what_if") & (steps["note"] != "") & (steps["step"] != TIMELESS)]
    totals, out = wide.groupby("source").size(), []
    for source, off in rows.groupby("source", sort=False):
        first = off.iloc[0]
        ways = explained.loc[explained["source"] == source, "step"].value_counts()
        every = [way for way, n in ways.items() if n >= len(off)]
        hint = f"it would tie {words(every[0])}" if every else "no usual reason explains all of it"
        out.append(
            {
                "entity": source, "observed": first["figure"], "expected": first["reported"], "threshold": first["allowed"],
                "severity": "breach" if first["times"] >= GRAVE_TIMES else "watch", "members": "; ".join(sorted(set(off["measure"]))),
                "title": f"{source}'s own report does not tie: {listing(off['said'].tolist(), 2)}",
                "detail": f"{count(len(off), 'total')} of {totals[source]} beyond tolerance; {hint}",
            }
        )  # fmt: skip
    return found(pd.DataFrame(out), basis="", decision="investigate", evidence="control totals of this week's folder; reconciliation.csv")


def _amount(ctx: Context, measure: str, amount: float) -> str:
    return number(amount) if measure in COUNTED else ctx.money(amount)


def _way(residual: float) -> str:
    return "above ours" if residual < 0 else "below ours"
