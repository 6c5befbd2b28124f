"""The leak ledger of a week: its measured parts, what the weeks before say of them, totals, and basis points of net revenue."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview.leaks import PARTS

HISTORY = 13  # weeks a median looks back
ENOUGH = 4  # weeks from which it is said


def creep(now: pd.DataFrame, past: list[pd.DataFrame]) -> float | None:
    """max(0, cost per order now − its median over the weeks before at this week's mix) × orders; None under four weeks."""
    then = [at_this_mix(now, week) for week in past if len(week)]
    if not len(now) or len(then) < ENOUGH:
        return None
    orders_now = now["orders"].sum()
    return float(max(0.0, now["cost"].sum() / orders_now - float(pd.Series(then).median())) * orders_now)


def at_this_mix(now: pd.DataFrame, then: pd.DataFrame) -> float:
    """Σ n(cell, W) × mean cost(cell, then) / Σ n(cell, W); a cell that week lacks takes W's own mean."""
    both = now.merge(then, on=["zone", "band"], how="left", suffixes=("", "_then"))
    own, theirs = both["cost"] / both["orders"], both["cost_then"] / both["orders_then"]
    return float((both["orders"] * theirs.fillna(own)).sum() / both["orders"].sum())


def ledger(week: str, parts: pd.DataFrame, now: pd.DataFrame, past: list[dict[str, Any]], net_revenue: float | None) -> pd.DataFrame:
    """leaks.csv of one week: its measured parts, creep and actionable from the weeks before, totals, basis points, baselines.

    `past`: the up to 13 weeks before, newest last, each with its `cells` and its finished `leaks`.
    """
    rows = parts.set_index("part")["amount"].to_dict() | {"creep": creep(now, [p["cells"] for p in past])}
    units = parts.set_index("part")["units"].to_dict()
    medians = {name: _median([p["leaks"] for p in past], leak, name) for leak, name in _all_parts()}
    returned = [p.name for p in PARTS if p.leak == "4"]
    above = [max(0.0, rows[p] - medians[p]) for p in returned if pd.notna(rows[p]) and medians[p] is not None]
    rows["actionable"] = sum(above) if above else None
    out = []
    for leak in "12345":
        own = [p for p in PARTS if p.leak == leak]
        for part in own:
            out.append((leak, part.name, rows[part.name], units.get(part.name), part.estimate, part.evidence))
        if leak == "4":
            out.append(
                (
                    leak,
                    "actionable",
                    rows["actionable"],
                    None,
                    True,
                    "what of the four parts is above its own 13-week median; not in the sum",
                )
            )
        out.append((leak, "total", _sum([rows[p.name] for p in own]), None, any(p.estimate for p in own), "sum of its parts"))
    four = [rows[p.name] for p in PARTS if p.leak != "5"]
    out.append(("1-4", "total", _sum(four), None, True, "leaks 1 to 4; leak 5 is a memo"))
    frame = pd.DataFrame(out, columns=["leak", "part", "amount", "units", "estimate", "evidence"])
    frame["amount"] = frame["amount"].astype(float)
    frame["basis_points"] = frame["amount"] / net_revenue * 10_000 if net_revenue else float("nan")
    frame["baseline"] = [
        medians.get(p) if p != "total" else _median([x["leaks"] for x in past], leak, p)
        for leak, p in zip(frame["leak"], frame["part"], strict=True)
    ]
    frame["baseline"] = frame["baseline"].astype(float)
    frame["week"] = week
    return frame[["week", "leak", "part", "amount", "basis_points", "baseline", "units", "estimate", "evidence"]]


def _all_parts() -> list[tuple[str, str]]:
    return [(p.leak, p.name) for p in PARTS] + [("4", "actionable")]


def _median(past: list[pd.DataFrame], leak: str, part: str) -> float | None:
    values = [f.loc[(f["leak"] == leak) & (f["part"] == part), "amount"].iloc[0] for f in past[-HISTORY:] if len(f)]
    values = [v for v in values if pd.notna(v)]
    return float(pd.Series(values).median()) if len(values) >= ENOUGH else None


def _sum(values: list[Any]) -> float | None:
    said = [v for v in values if v is not None and pd.notna(v)]
    return float(sum(said)) if said else None
