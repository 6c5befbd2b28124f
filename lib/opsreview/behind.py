"""The rows that a figure is worked out from, at any grain or several at once: the last step from a figure to what was exported."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import pandas as pd

from opsreview import kpis, leaks
from opsreview.bills import PARTS, bills
from opsreview.books import Books, beside
from opsreview.facts.orders import KEPT_DAYS
from opsreview.facts.skus import skus
from opsreview.formats import near
from opsreview.margin import LINE
from opsreview.provenance import of_lines, provenance

BILL = "returns_bill"
BILL_DAYS = 28  # the returns that a bill is of


@dataclass(frozen=True)
class Behind:
    """A figure's rows, and what they make: value, numerator and denominator as in kpis.csv (NaN where it has none)."""

    rows: pd.DataFrame
    value: float
    numerator: float
    denominator: float


def behind(books: Books, kpi: str, where: dict[str, str]) -> Behind:
    """The rows of a KPI of W whose grains or columns have the values of `where`, in a stable order, and the figure they make.

    So of a part of a leak and of the bill of returns, by their rows' columns. ValueError where it is none of them, has no rows or no such
    column: it says what there is.
    """
    registered, of_leaks = kpis.load(), {part.name: part for part in leaks.PARTS}
    if kpi in of_leaks:
        return _of_leak(books, of_leaks[kpi], where)
    if kpi == BILL:
        return _of_bill(books, where)
    if kpi not in registered:
        there = [*registered, *of_leaks, BILL]
        raise ValueError(f"no figure {kpi!r} to ask about{near(kpi, there)}; there are {', '.join(there)}")
    figure, table, columns = _asked(books, registered[kpi], kpi, where)
    mine = _where(table, columns, where)
    base = _where(table, columns, {k: v for k, v in where.items() if k != figure.shared_denominator})
    parts, of_base = figure.parts(mine), figure.parts(base)
    sums = mine.aggregate(value=parts.value, numerator=parts.numerator, denominator=parts.denominator).to_pandas().astype(float).iloc[0]
    value, denominator = sums["value"], sums["denominator"]
    if figure.shared_denominator in where:
        denominator = float(base.aggregate(denominator=of_base.denominator).to_pandas().iloc[0, 0])
        value = sums["numerator"] / (denominator or float("nan"))
    return Behind(mine.order_by(mine.columns).to_pandas(), value, sums["numerator"], denominator)


def _of_leak(books: Books, part: leaks.Part, where: dict[str, str]) -> Behind:
    """The rows of a part of a leak, and what they cost."""
    table, nothing = leaks.rows(books, part), float("nan")
    if table is None:
        raise ValueError(
            f"{part.name} has no rows in {books.week}: an export that it stands on did not come, or it is a share of all orders"
        )
    rows = _narrowed(table, part.name, where)
    return Behind(rows, float(rows["amount"].sum()), nothing, nothing)


def _of_bill(books: Books, where: dict[str, str]) -> Behind:
    """The return lines of a bill with its parts and their `total`: what they cost, and for how many units."""
    window = books.week.trailing(BILL_DAYS)
    if not (books.began(window) and books.has("returns", window)):
        raise ValueError(f"{BILL} has no rows in {books.week}: the returns of each of the {BILL_DAYS} days to it did not come")
    t = bills(books)
    rows = _narrowed(t.mutate(total=sum((t[c] for c in PARTS[1:]), t[PARTS[0]])), BILL, where)
    return Behind(rows, float(rows["total"].sum()), float(rows["total"].sum()), float(rows["units"].sum()))


def lines(books: Books, days: int, where: dict[str, str], columns: tuple[str, ...]) -> pd.DataFrame:
    """A row a line sold in so many days up to the week's end, by order and line: these columns of it, with where each cost comes from.

    `where`: values of columns of `provenance`, or of the SKU's `tier`.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= KEPT_DAYS:
        raise ValueError(f"days is a whole number from 1 to {KEPT_DAYS}, the days that end with the week, not {days!r}")
    t = of_lines(provenance(books, books.week.trailing(days)))
    if "tier" in where:
        t = t.pipe(beside, skus(books).select("sku", "tier"), "sku")
    return _where(t, {c: c for c in where}, where).select(*columns).order_by(*LINE).to_pandas()


def _narrowed(table: ibis.Table, name: str, where: dict[str, str]) -> pd.DataFrame:
    """The rows whose columns have the values of `where`, in a stable order."""
    if unknown := [word for word in where if word not in table.columns]:
        word = unknown[0]
        raise ValueError(f"{name} cannot be asked about by {word!r}{near(word, table.columns)}; its rows have {', '.join(table.columns)}")
    mine = _where(table, {c: c for c in table.columns}, where)
    return mine.order_by(mine.columns).to_pandas()


def _asked(books: Books, figures: list[kpis.Figure], kpi: str, where: dict[str, str]) -> tuple[kpis.Figure, ibis.Table, dict[str, str]]:
    """The figure that is published at most of the grains asked for, its rows, and the column that each word may mean."""
    known: list[str] = []
    for figure in sorted(figures, key=lambda f: (-len(where.keys() & f.grains.keys()), not f.whole)):
        if not (figure.whole or where.keys() & figure.grains.keys()):
            continue
        table = figure.rows(books)
        columns = {c: c for c in table.columns} | figure.grains
        if where.keys() <= columns.keys():
            return figure, table, columns
        known += [c for c in columns if c not in known]
    gone = next(k for k in where if k not in known) if set(where) - set(known) else " and ".join(where)
    raise ValueError(f"{kpi} cannot be asked about by {gone!r}{near(gone, known)}; its rows have {', '.join(known)}")


def _where(table: ibis.Table, columns: dict[str, str], where: dict[str, str]) -> ibis.Table:
    for word, value in where.items():
        table = table.filter(_is(table[columns[word]], value))
    return table


def _is(column: ibis.Value, value: object) -> ibis.Value:
    """Whether a column has a value, as its own type has it: `on_time=True`, `units=10`, `sku="A-1"`."""
    if column.type().is_boolean():
        return column == (str(value).lower() == "true")
    if column.type().is_numeric():
        try:
            return column.cast("float64") == float(str(value))
        except ValueError:
            raise ValueError(f"{column.get_name()} is a number, not {value!r}") from None
    return column.cast("string") == str(value)
