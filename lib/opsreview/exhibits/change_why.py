"""From what changed the margin to where it did: what `review.why("change")` shows, cell by cell, a cell being a SKU in a channel."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import formats
from opsreview.exhibits import Part, listed
from opsreview.tables import Html, note
from opsreview.titles_margin import CHANGES, signed

CHANGE = "change"
GRAINS = ("sku", "family", "channel")
MARGIN = ["orders", "order_lines", "products"]
FEW = "fewer than four weeks before this one were exported"
MOST_CELLS = 200


def frame(results: Any, where: dict[str, str]) -> pd.DataFrame:
    """A row a cell with these values of GRAINS: usual and present units and margin, and every part; of one `part` its `amount`, not nil."""
    cells, asked = results.change_cells, {k: v for k, v in where.items() if k != "part"}
    for key in asked:
        if key not in GRAINS:
            known = (*GRAINS, "part")
            raise ValueError(f"what changed is asked about by {', '.join(known)}, not by {key!r}{formats.near(key, known)}")
    for key, value in asked.items():
        cells = cells[cells[key].astype(str) == str(value)]
    part, parts = where.get("part"), _parts(results.change_cells)
    if part is None or results.change_cells.empty:
        return cells.reset_index(drop=True)
    if part not in parts:
        raise ValueError(f"{part!r} is no part of what changed{formats.near(part, parts)}; there are {', '.join(parts)}")
    return cells.assign(amount=cells[part])[cells[part] != 0].reset_index(drop=True)


def _parts(cells: pd.DataFrame) -> list[str]:
    return [c for c in cells if c in CHANGES]


def why(results: Any, name: str, where: dict[str, str]) -> list[Part]:
    """Of a change its parts and the cells that it is the sum of; of one part the cells in which it lies."""
    cells, currency = frame(results, where), results.settings.reporting_currency
    grains = [f"{k} {v}" for k, v in where.items() if k != "part"]
    whose = formats.listing(grains, 4) or "the whole store"
    if results.change_cells.empty:
        return [note(f"What changed contribution margin: {FEW}.")]
    if cells.empty:
        return [note(f"Nothing of it lies in {whose}: neither {results.week} nor the weeks before it sold it.")]
    made = f"the sum of {formats.count(len(cells), 'cell')}, each a SKU in a channel"
    if part := where.get("part"):
        amount = signed(round(cells.amount.sum(), 2), currency)
        return [
            note(f"{CHANGES[part]} of {whose} in {results.week}: {amount} of contribution margin, {made}."),
            _cells(results, cells, whose),
        ]
    moved = cells.contribution_margin.sum() - cells.baseline.sum()
    text = (
        f"Contribution margin of {whose} in {results.week}: {formats.money(cells.contribution_margin.sum(), currency, 2)}, "
        f"{signed(round(moved, 2), currency)} against its usual level, {made}"
    )
    return [note(f"{text}."), _part_by_part(results, cells, whose, where), _cells(results, cells, whose)]


def _part_by_part(results: Any, cells: pd.DataFrame, whose: str, where: dict[str, str]) -> Html:
    """A row a part: what it adds, and how to ask for its cells."""
    said = "".join(f", {k}={v!r}" for k, v in where.items()).replace("'", '"')
    rows = [
        {"part": CHANGES[part], "amount": cells[part].sum(), "ask": f'review.why("{CHANGE}"{said}, part="{part}")'}
        for part in _parts(cells)
        if (cells[part] != 0).any()
    ]
    columns = """
    part | Part
    amount | Adds to margin | cents | bar
    ask | Its cells | plain
    """
    shown = pd.DataFrame(rows, columns=["part", "amount", "ask"]).sort_values("amount", key=lambda a: -a.abs(), kind="stable")
    return listed(results, shown, columns, f"What changed {whose}, part by part", MARGIN, "nothing changed", first=len(shown))


def _cells(results: Any, cells: pd.DataFrame, whose: str) -> Html:
    """The cells, those that moved most first."""
    one = "amount" in cells
    rows = cells.assign(moved=cells.amount if one else cells.contribution_margin - cells.baseline)
    rows = rows.sort_values("moved", key=lambda a: -a.abs(), kind="stable")
    columns = f"""
    sku | SKU | code
    family | Family
    channel | Channel
    units_baseline | Units usually | one
    units | Units | number
    baseline | Margin usually | cents
    contribution_margin | Margin | cents
    moved | {"Adds to margin" if one else "Change"} | cents | bar
    """
    return listed(
        results, rows, columns, f"Where it lies: {whose}, SKU by SKU and channel", MARGIN, filterable=True, most=MOST_CELLS,
        whole="review.rows has them all",
    )  # fmt: skip
