"""What did not come, and what it leaves unanswered: the one place that asks the catalog's needs of the exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opsreview.books import STANDING, Books
from opsreview.catalog import checks
from opsreview.formats import listing, spans

Gap = tuple[str, list[str]]  # a table, or a column as table.column, and the weeks in which it did not come


def gaps(books: Books, needs: Mapping[str, int]) -> list[Gap]:
    """Of what is needed over so many trailing days, what did not come in a week of them, from its first export on.

    A table that never came takes nothing away that was there before; one that may be older than its week is never late.
    """
    out = []
    for need, days in needs.items():
        table, _, column = need.partition(".")
        if table in STANDING:
            continue
        weeks = [w for w in books.week.trailing(days).weeks if not books.known.exported(table, w, column or None)]
        if weeks and (began := books.first_week(need)):
            out.append((need, [str(w) for w in weeks if w >= began]))
    return [(need, weeks) for need, weeks in out if weeks]


def unanswered(books: Books) -> dict[str, str]:
    """Why a check cannot say this week that something is gone, a sentence each: by check, and `check|entity type` for its kinds."""
    out = {}
    for name, check in checks().items():
        for key, needs in {name: check.needs, **{f"{name}|{kind}": needs for kind, needs in check.kinds.items()}}.items():
            if found := gaps(books, needs):
                out[key] = did_not_come(found)
    return out


def why_unanswered(unknown: Mapping[str, str], check: str, entity_type: str) -> str:
    """The sentence of `unanswered` that holds for a finding; empty where its check was answered."""
    kinds = checks()[check].kinds if check in checks() else {}
    return unknown.get(f"{check}|{entity_type}" if entity_type in kinds else check, "")


def did_not_come(found: Iterable[Gap]) -> str:
    """`returns did not come in 2026-W46`; `picks and column hour of labor did not come in 2026-W45 to 2026-W46`."""
    tables = {need for need, _ in found}
    by_weeks: dict[tuple[str, ...], list[str]] = {}
    for need, weeks in found:
        table, _, column = need.partition(".")
        if not column or table not in tables:
            by_weeks.setdefault(tuple(weeks), []).append(f"column {column} of {table}" if column else table)
    return "; ".join(f"{listing(names, 4)} did not come in {spans(list(weeks))}" for weeks, names in by_weeks.items())
