"""A KPI is one short function from a fact table to the parts of its figure, the same at every grain.

`FIGURES` names, for every KPI of the catalog, the facts it is worked out from. The modules: forecast, inventory, fulfillment,
service, returns, margin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis

from opsreview import catalog
from opsreview.books import Books


@dataclass(frozen=True)
class Parts:
    """A figure's parts over whatever rows it is given: value, numerator, denominator (empty where it has none)."""

    value: ibis.Value
    numerator: ibis.Value
    denominator: ibis.Value


def ratio(numerator: ibis.Value, denominator: ibis.Value) -> Parts:
    """numerator / denominator; n/a where the denominator is 0."""
    numerator, denominator = numerator.cast("float64").fill_null(0.0), denominator.cast("float64").fill_null(0.0)
    return Parts(numerator / denominator.nullif(0), numerator, denominator)


@dataclass(frozen=True)
class Figure:
    """How a KPI is worked out at some grains: `rows(books)` gives its fact table, `parts(table)` its figure.

    `grains` maps a grain to its column; `all` (no key) is among them unless `whole` is false. `charted` gives the rows of the value over
    the week alone, where those differ. At the grain `shared_denominator` (a reason, which nothing sold has) it is that of all rows.
    """

    rows: Callable[[Books], ibis.Table]
    parts: Callable[[ibis.Table], Parts]
    grains: dict[str, str]
    charted: Callable[[Books], ibis.Table]
    whole: bool = True
    shared_denominator: str = ""


FIGURES: dict[str, list[Figure]] = {}


def figure(
    rows: Callable[[Books], ibis.Table],
    grains: str,
    charted: Callable[[Books], ibis.Table] | None = None,
    name: str = "",
    whole: bool = True,
    shared_denominator: str = "",
) -> Callable[[Callable[[ibis.Table], Parts]], Callable[[ibis.Table], Parts]]:
    """Register a KPI's function under its own name (or `name`), over `rows`, by `grains` (`grain` or `grain=column` words)."""
    columns = dict(w.split("=") if "=" in w else (w, w) for w in grains.split())

    def register(parts: Callable[[ibis.Table], Parts]) -> Callable[[ibis.Table], Parts]:
        FIGURES.setdefault(name or parts.__name__, []).append(Figure(rows, parts, columns, charted or rows, whole, shared_denominator))
        return parts

    return register


def load() -> dict[str, list[Figure]]:
    """Every KPI's figures, in the catalog's order: that of their modules is who imported them first."""
    from opsreview.kpis import forecast, fulfillment, inventory, margin, returns, service  # noqa: F401

    return {name: FIGURES[name] for name in sorted(FIGURES, key=list(catalog.kpis()).index)}
