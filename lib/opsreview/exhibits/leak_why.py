"""From a leak or one of its parts to its rows: what `review.why` shows of them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import formats
from opsreview.exhibits import Part, gone, listed, rows
from opsreview.exhibits.leaks import by_cause
from opsreview.tables import note
from opsreview.titles import LEAKS

WHOLE = "leaks"
LEDGER = (WHOLE, *(f"leak_{leak}" for leak in "12345"))  # all leaks, and each


def names(results: Any) -> list[str]:
    """What can be asked of the ledger: all leaks, a leak, a part of one."""
    parts = results.leaks.part
    return [*LEDGER, *parts[~parts.isin(["total", "actionable"])]]


def frame(results: Any, name: str) -> pd.DataFrame:
    """The ledger's rows of a leak, or of all; of creep its causes."""
    if name == "creep":
        return results.leak_causes[results.leak_causes.part == name]
    leak = name.removeprefix("leak_")
    return results.leaks if name == WHOLE else results.leaks[results.leaks.leak == leak]


def why(results: Any, name: str, where: dict[str, str]) -> list[Part]:
    """Of a leak its parts and what each is; of a part the sentence that says it and the rows that it is the sum of."""
    if name == "creep":
        return [note(_said(results, name)), by_cause(results)]
    if name in LEDGER:
        return [_parts(results, name)]
    row = results.leaks[results.leaks.part == name].iloc[0]
    if formats.missing(row.amount):
        return [note(f"{_said(results, name)} {gone(results, []) or 'an export that it stands on did not come'}.")]
    found, currency = results.behind(name, where), results.settings.reporting_currency
    whose = f" of {formats.listing([f'{k} {v}' for k, v in where.items()], 4)}" if where else ""
    text = _said(results, name)
    if where:
        text = f"{formats.money(found.value, currency, 2)} of it{whose}. {text}"
    return [note(f"{text} {formats.count(len(found.rows), 'row')}."), rows.listing(results, found.rows, name, formats.words(name), where)]


def _said(results: Any, name: str) -> str:
    row, currency = results.leaks[results.leaks.part == name].iloc[0], results.settings.reporting_currency
    first, cost = formats.words(name), formats.money(row.amount, currency, 2)
    return f"{formats.capital(first)}, of leak {LEAKS[row.leak]}, in {results.week}: {cost}, {row.evidence}."


def _parts(results: Any, name: str) -> Part:
    own = frame(results, name)
    shown = own.assign(
        named=own.leak.map({**LEAKS, "1-4": "Leaks 1 to 4"}), said=own.part.map(formats.words), whole=own.part == "total",
        ask=[f'review.why("{part}")' if part not in ("total", "actionable") else "" for part in own.part],
    )  # fmt: skip
    columns = """
    named | Leak
    said | Part | text | small=evidence
    amount | In the week | cents
    baseline | Usually | cents?
    basis_points | Basis points | one
    ask | Its rows | plain
    """
    caption = f"The leaks of {results.week}" if name == WHOLE else f"Leak {LEAKS[name.removeprefix('leak_')]} in {results.week}"
    return listed(results, shown, columns, caption, ["orders"], strong="whole", first=len(shown))
