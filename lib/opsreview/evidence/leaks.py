"""Evidence of the leaks: what the ledger's parts are made of, by the names that findings go by, and what was paid to move goods."""

from __future__ import annotations

import pandas as pd

from opsreview import leaks
from opsreview.books import Books, beside
from opsreview.checks.stakes import sku_stakes

COLUMNS = ["leak", "part", "keys", "amount", "rows"]


def leak_rows(books: Books) -> pd.DataFrame:
    """A row a part of the ledger and the names its rows go by (`keys`): amount, rows; they add up to the parts that are said.

    Creep has none: see `leak_causes`.
    """
    out = []
    for part in leaks.PARTS:
        t = leaks.rows(books, part)
        if t is not None:
            by = t.group_by("keys").aggregate(amount=t.amount.sum().cast("float64"), rows=t.count()).order_by("keys").to_pandas()
            out.append(by.assign(leak=part.leak, part=part.name))
    out = [frame for frame in out if len(frame)]
    return pd.concat(out, ignore_index=True)[COLUMNS] if out else pd.DataFrame(columns=COLUMNS)


PAID = ("expedite", "transfer_freight")
LINE = [
    "keys", "sku", "name", "source_location", "location", "quantity_ordered", "amount", "margin", "original_eta", "eta", "arrived_at",
    "back",
]  # fmt: skip


def paid_lines(books: Books) -> pd.DataFrame:
    """A row a line of W that was expedited, or moved between locations, dearest first: part, LINE.

    margin: what its units earn (contribution a unit over T28); back: units of its SKU that went the other way in W, of a transfer.
    """
    out = []
    for part in (p for p in leaks.PARTS if p.name in PAID):
        t = leaks.rows(books, part)
        if t is None:
            continue
        t = t.filter(t.amount > 0)
        t = beside(t, sku_stakes(books).select("sku", "per_unit", "name"), "sku")
        there = t.group_by("sku", "location", "source_location").aggregate(back=t.quantity_ordered.sum())
        there = there.select("sku", "back", location=there.source_location, source_location=there.location)
        t = beside(t, there, "sku", "location", "source_location")
        t = t.mutate(margin=t.quantity_ordered * t.per_unit.fill_null(0.0), name=t["name"].fill_null(t.sku), back=t.back.fill_null(0.0))
        out.append(t.select(*LINE).to_pandas().assign(part=part.name))
    out = [frame for frame in out if len(frame)]
    frame = pd.concat(out, ignore_index=True)[["part", *LINE]] if out else pd.DataFrame(columns=["part", *LINE])
    return frame.sort_values(["amount", "keys"], ascending=[False, True], ignore_index=True)


EVIDENCE = (leak_rows, paid_lines)
