"""The leak ledger of a week: its measured parts, what the weeks before say of them, totals, and basis points of net revenue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from opsreview.leaks import CELL, PARTS

HISTORY = 13  # weeks a median looks back
ENOUGH = 4  # weeks from which it is said
COLUMNS = ["week", "leak", "part", "amount", "basis_points", "baseline", "units", "estimate", "evidence"]  # of leaks.csv


def creep(now: pd.DataFrame, past: list[pd.DataFrame]) -> float | None:
    """max(0, cost per order now − its median over the weeks before at this week's mix) × orders; None under four weeks."""
    then = [week for week in past if len(week)]
    if not len(now) or len(then) < ENOUGH:
        return None
    orders_now = now["orders"].sum()
    return float(max(0.0, now["cost"].sum() / orders_now - float(np.median(at_this_mix(now, then)))) * orders_now)


def at_this_mix(now: pd.DataFrame, then: list[pd.DataFrame], value: str = "cost", finer: tuple[str, ...] = ()) -> np.ndarray:
    """Σ n(cell, W) × mean value(cell, then) / Σ n(cell, W) of each week; a cell that week lacks takes W's own mean.

    `finer`: columns that divide a cell further. What a week lacks of a cell that it has takes the mean of all these weeks, else W's own.
    """

    def mean(cells: pd.DataFrame, *by: str) -> pd.Series:
        sums = cells.groupby(list(by))[[value, "orders"]].sum()
        return sums[value] / sums["orders"]

    keys = [*CELL, *finer]
    every = pd.concat(then, keys=range(len(then)), names=["then"]).reset_index("then")
    orders = now.groupby(keys)["orders"].sum()
    theirs = mean(every, *keys, "then").unstack("then").reindex(orders.index)
    if finer:
        has = mean(every, *CELL, "then").unstack("then").notna()
        has = has.reindex(orders.index.droplevel(list(finer)), fill_value=False).set_axis(orders.index)
        all_of_them = mean(every, *keys)
        theirs = theirs.apply(lambda week: week.fillna(all_of_them)).where(has)
    own = mean(now, *keys)
    means = theirs.apply(lambda week: week.fillna(own))
    return means.mul(orders, axis=0).sum().to_numpy() / orders.sum()


def ledger(week: str, parts: pd.DataFrame, now: pd.DataFrame, past: list[dict[str, Any]], net_revenue: float | None) -> pd.DataFrame:
    """leaks.csv of one week: its measured parts, creep and actionable from the weeks before, totals, basis points, baselines.

    Two columns more: `without`, the parts that a total lacks because they are n/a, and `usual`, its median over those of the weeks before
    that lack the same, of at least four; of a part its baseline. A total is never held against a sum of other parts.
    `past`: the up to 13 weeks before, newest last, each with its `cells` and the `amounts` of its finished ledger by leak and part.
    """
    before = pd.DataFrame([p["amounts"] for p in past if len(p["amounts"])])
    rows = parts.set_index("part")["amount"].to_dict() | {"creep": creep(now, [p["cells"] for p in past])}
    units = parts.set_index("part")["units"].to_dict()
    medians = before.median().where(before.count() >= ENOUGH).to_dict() if len(before) else {}
    returned = [("4", p.name) for p in PARTS if p.leak == "4"]
    above = [max(0.0, rows[p[1]] - medians[p]) for p in returned if pd.notna(rows[p[1]]) and pd.notna(medians.get(p))]
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
    frame["basis_points"] = frame["amount"] / net_revenue * 10_000 if net_revenue and net_revenue > 0 else float("nan")
    frame["baseline"] = [medians.get(part, float("nan")) for part in zip(frame["leak"], frame["part"], strict=True)]
    frame["week"] = week
    said = amounts(frame)
    lacks = [unsaid(said, leak) if part == "total" else "" for leak, part in zip(frame["leak"], frame["part"], strict=True)]
    frame["without"] = lacks
    frame["evidence"] = [
        f"{text}; n/a and not in it: {lack}" if lack else text for text, lack in zip(frame["evidence"], lacks, strict=True)
    ]
    frame["usual"] = frame["baseline"].where(frame["part"] != "total", [_usual(past, leak, said) for leak in frame["leak"]])
    return frame[[*COLUMNS, "without", "usual"]]


def unsaid(said: dict[tuple[str, str], float], leak: str) -> str:
    """The parts that a leak's total lacks in a week, `; ` between them; of leaks 1 to 4 together those of each."""
    return "; ".join(p.name for p in PARTS if p.leak in ("1234" if leak == "1-4" else leak) and pd.isna(said.get((p.leak, p.name))))


def _usual(past: list[dict[str, Any]], leak: str, said: dict[tuple[str, str], float]) -> float:
    """The median of a total over the weeks before whose total lacks the same parts; empty under four of them."""
    alike = [p["amounts"] for p in past if p["amounts"] and unsaid(p["amounts"], leak) == unsaid(said, leak)]
    totals = pd.Series([a[leak, "total"] for a in alike], dtype=float).dropna()
    return float(totals.median()) if len(totals) >= ENOUGH else float("nan")


def amounts(leaks: pd.DataFrame) -> dict[tuple[str, str], float]:
    """The amounts of a finished ledger by leak and part."""
    return dict(zip(zip(leaks["leak"], leaks["part"], strict=True), leaks["amount"], strict=True))


def _sum(values: list[Any]) -> float | None:
    said = [v for v in values if v is not None and pd.notna(v)]
    return float(sum(said)) if said else None
