"""What findings cost together: each cent once, and what is lost once apart from what is lost every week."""

from __future__ import annotations

import json

import pandas as pd

from opsreview import formats
from opsreview.catalog import ONCE

WIDE = {"family": 1, "channel": 2}  # a finding of these holds those of SKUs, so that it is counted after them
CENT = 0.005
AGAIN = "the money of another finding, counted once"


def counts(found: pd.DataFrame) -> pd.Series:
    """What of each finding's impact counts in a sum of these findings; 0 where others have said all of it, or it has no money.

    As they stand (largest first), those of a family and of a channel last. `overlaps` (JSON) says what a finding's money is lost on; of
    several findings about the same the largest amount counts once.
    """
    said: dict[str, float] = {}
    out = found["impact"].astype(float).fillna(0.0).tolist()
    types, shared = (_given(found, c).tolist() for c in ("entity_type", "overlaps"))
    for at in sorted(range(len(out)), key=lambda at: WIDE.get(types[at], 0)):
        amounts = json.loads(shared[at] or "{}") if out[at] else {}
        left = out[at] - sum(min(amount, said.get(what, 0.0)) for what, amount in amounts.items())
        out[at] = left if left >= CENT else 0.0
        for what, amount in amounts.items():
            said[what] = max(amount, said.get(what, 0.0))
    return pd.Series(out, index=found.index, dtype=float)


def told_apart(found: pd.DataFrame) -> pd.DataFrame:
    """The findings without those whose twin stands before them: a loss that looks healthy is one row of a page, and one decision."""
    before, gone = set(), []
    for own, twin in zip(found["finding_id"], _given(found, "twin"), strict=True):
        gone.append(twin in before)
        before.add(own)
    return found[~pd.Series(gone, found.index, dtype=bool)]


def comes_once(found: pd.DataFrame) -> pd.Series:
    """Whether a finding's money comes once."""
    return _given(found, "period") == ONCE


def marked(found: pd.DataFrame) -> pd.Series:
    """`once` where a finding's money comes once, else nothing: what stands beside money a week."""
    return comes_once(found).map({True: ONCE, False: ""})


def _given(found: pd.DataFrame, column: str) -> pd.Series:
    """A column, empty where these rows do not have it: what is signed off is no finding, and findings.csv holds less than a run knows."""
    return found[column].astype(object).fillna("") if column in found else pd.Series("", found.index)


def counted(found: pd.DataFrame) -> pd.DataFrame:
    """The findings whose money counts, `impact` what of it does."""
    money = counts(found)
    return found[money > 0].assign(impact=money[money > 0])


def together(found: pd.DataFrame) -> tuple[float, float]:
    """What findings cost a week, and once: each cent in one of them, and once."""
    rows = counted(found)
    once = comes_once(rows)
    return float(rows.loc[~once, "impact"].sum()), float(rows.loc[once, "impact"].sum())


def said(found: pd.DataFrame, currency: str) -> str:
    """`£1,200 a week and £580 once`; empty where no finding has money."""
    return sums(*together(found), currency)


def sums(week: float, once: float, currency: str) -> str:
    """Money a week and money once, what there is of it."""
    parts = ((week, "a week"), (once, ONCE))
    return formats.listing([f"{formats.money(money, currency)} {period}" for money, period in parts if money > 0])


def beside(found: pd.DataFrame, currency: str) -> list[str]:
    """What of each finding's money another one of these says too; empty where none does."""
    out = []
    for impact, left in zip(found["impact"].astype(float), counts(found), strict=True):
        if formats.missing(impact) or impact - left < CENT:
            out.append("")
        else:
            out.append(f"{formats.money(impact - left, currency)} of it another finding's too, counted once" if left > 0 else AGAIN)
    return out
