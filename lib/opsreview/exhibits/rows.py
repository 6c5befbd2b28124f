"""From any KPI, or the bill of returns, to its rows: what `review.why` shows of a figure that is no margin."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import figures, formats
from opsreview.catalog import kpis
from opsreview.charts.money import GROUPS
from opsreview.exhibits import Part, gone
from opsreview.tables import Html, note, table

MOST_ROWS = 200
BILL = "returns_bill"


def why(results: Any, kpi: str, where: dict[str, str]) -> list[Part]:
    """A sentence that says the figure, its numerator and denominator and how it is reckoned, and the rows behind it."""
    if kpi == BILL:
        return _bill(results, where)
    if any(kpi in gap["costs"] for gap in results.missing):
        return [note(f"{kpis()[kpi].label} is n/a in {results.week}: {figures.why_missing(results, kpi)}.")]
    found, fact = results.behind(kpi, where), kpis()[kpi]
    whose = formats.listing([figures.key_words(k, v) for k, v in where.items()], 4) or "the whole store"
    said = formats.quantity(found.value, fact.unit, results.settings.reporting_currency)
    parts = [formats.number(v, 0 if float(v).is_integer() else 2) for v in (found.numerator, found.denominator) if not formats.missing(v)]
    made = f" = {' / '.join(parts)}" if len(parts) == 2 else ""
    text = f"{fact.label} of {whose} in {results.week}: {said}{made}, from {formats.count(len(found.rows), 'row')}."
    return [note(f"{text} {figures.formula(fact)}."), listing(results, found.rows, kpi, fact.label, where)]


def _bill(results: Any, where: dict[str, str]) -> list[Part]:
    """What returns cost, part by part, and the return lines that each part is the sum of."""
    if results.evidence(BILL).empty:
        return [note(f"The bill of returns is n/a in {results.week}: {gone(results, ['returns']) or 'nothing came back in its 28 days'}.")]
    found, currency = results.behind(BILL, where), results.settings.reporting_currency
    parts = [part for group in GROUPS.values() for part in group[1]]
    whose = formats.listing([figures.key_words(k, v) for k, v in where.items()], 4) or "the whole store"
    text = (
        f"The bill of returns of {whose} in the 28 days to {formats.day(results.week.trailing(1).start)}: "
        f"{formats.money(found.value, currency, 2)}, the sum of {formats.count(len(found.rows), 'return line')} "
        f"of {formats.count(found.denominator, 'unit')}; {formats.money(found.rows.refund.sum(), currency, 2)} given back is in no part"
    )
    sums = pd.DataFrame(
        [{"part": formats.words(p), "amount": found.rows[p].sum(), "lines": int((found.rows[p] != 0).sum())} for p in parts]
    )
    columns = """
    part | Part | words
    amount | Costs | cents | bar
    lines | Lines with it | number
    """
    by_part = table(sums, columns, f"The bill of {whose}, part by part", currency, first=len(sums))
    dearest = found.rows.sort_values(["total", "return_id", "line_no"], ascending=[False, True, True], kind="stable")
    return [note(f"{text}."), by_part, listing(results, dearest, BILL, "the bill of returns", where)]


def listing(results: Any, rows: pd.DataFrame, name: str, label: str, where: dict[str, str]) -> Html:
    """The rows behind a figure, those that say nothing here left out, with where all of them are."""
    whose = formats.listing([figures.key_words(k, v) for k, v in where.items()], 4) or "the whole store"
    shown = _shown(rows)
    columns = "\n".join(f"{c} | {formats.words(c.removesuffix('_local')).capitalize()} | {_kind(shown[c])}" for c in shown)
    return table(
        shown, columns, f"The rows of {label.lower()}, {whose}", results.settings.reporting_currency, filterable=True, most=MOST_ROWS,
        whole=f"review.rows has them all: review.rows({', '.join([repr(name), *(f'{k}={v!r}' for k, v in where.items())])})",
        empty="nothing happened that it counts",
    )  # fmt: skip


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Without columns that say nothing here: empty ones, and moments in UTC that stand in local time too."""
    local = {c for c in rows if f"{c}_local" in rows.columns}
    keep = [c for c in rows if c not in local and rows[c].notna().any()]
    flags = {c: rows[c].map({True: "yes", False: "no"}) for c in keep if pd.api.types.is_bool_dtype(rows[c].dropna().infer_objects())}
    return rows[keep].assign(**flags)


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(column):
        return "moment"
    if pd.api.types.is_numeric_dtype(column):
        known = column.dropna().astype(float)
        return "number?" if (known == known.round()).all() else "two?"
    return "plain"
