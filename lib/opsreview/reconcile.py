"""The bridge from our figures to what a system's own report says (`control_totals`): part by part, to a residual.

Definitions: docs/reconciliation.md. Each measure is a value an order had when it was placed, less what was called off; an order counts on
the `order_date` clock in the period it was placed, unless cancelled; on the `event_date` clock it counts there in any case, and its
cancellation counts against the period in which it happened. residual = our figure − the source's amount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from opsreview.books import Books, inside
from opsreview.facts.totals import AMOUNTS, COUNTS, order_totals, refund_events, refunded_orders
from opsreview.weeks import Window, midnight

KEY = ["source", "measure", "clock", "period_start", "period_end"]
COLUMNS = [*KEY, "step", "kind", "amount", "note"]  # kind: part, figure, reported, residual, what_if
FLAGS = ["cancelled", "foreign", "late", "here", "there", "gone_here", "gone_there"]
# measure: (what it is when placed, what is added or taken off line by line and order by order)
MEASURES: dict[str, tuple[str, dict[str, float]]] = {
    "gross_sales": ("gross", {"cancelled_units": -1}),
    "discounts": ("line_discounts", {"order_discounts": 1}),
    "shipping": ("shipping", {}),
    "net_sales": ("gross", {"cancelled_units": -1, "line_discounts": -1, "order_discounts": -1}),
    "orders": ("orders", {}),
    "units": ("units", {"units_cancelled": -1}),
}
COUNTED = ("orders", "units")
NEEDS = {"shipping": ("orders.shipping_charged",), "refunds": ("returns", "returns.refund_amount")}
Sum = Callable[[dict[str, Any]], float]


@dataclass(frozen=True)
class Report:
    """One row of `control_totals`."""

    source: str
    measure: str
    clock: str
    period_start: date
    period_end: date
    amount: float

    @property
    def window(self) -> Window:
        return Window(self.period_start, self.period_end + timedelta(days=1))


def bridges(books: Books) -> pd.DataFrame:
    """`COLUMNS`: a row a step of the bridge of every control total that W's folder brought; empty where it brought none.

    A figure that cannot be said has no parts: its amount is empty and its note says why.
    """
    reports = [] if not books.known.exported("control_totals", books.week) else _reports(books)
    said: dict[tuple[Any, ...], _Period] = {}
    rows: list[tuple[Any, ...]] = []
    for r in reports:
        at = (r.source, r.window)
        if at not in said:
            said[at] = _Period(books, r)
        rows += [(r.source, r.measure, r.clock, r.period_start, r.period_end, *step) for step in _bridge(books, r, said[at])]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"amount": float})


def tolerance(books: Books, report: Report) -> float:
    """How far a figure may be from a report and still tie: of counts a share, of money a share or an amount."""
    rule = books.settings.reconcile
    share = rule.tolerance_share * abs(report.amount)
    return share if report.measure in COUNTED else max(rule.tolerance_money, share)


def _reports(books: Books) -> list[Report]:
    t = books.known.brought("control_totals")
    order = list(MEASURES)
    rows = [Report(**row) for row in t.select(*KEY, "amount").to_pyarrow().to_pylist()]
    place = lambda r: (r.source, r.period_start, r.period_end, order.index(r.measure) if r.measure in order else 9, r.clock)  # noqa: E731
    return sorted(rows, key=place)


def _bridge(books: Books, report: Report, period: _Period) -> Iterator[tuple[str, str, float | None, str]]:
    """(step, kind, amount, note) of one control total."""
    if why := _unsayable(books, report):
        yield "figure", "figure", None, why
        yield "reported", "reported", report.amount, ""
        return
    parts = period.refunds(report.clock) if report.measure == "refunds" else period.parts(report.measure, report.clock)
    figure = sum(amount for _, amount in parts)
    residual, allowed = figure - report.amount, tolerance(books, report)
    for name, amount in parts:
        yield name, "part", amount, ""
    yield "figure", "figure", figure, ""
    yield "reported", "reported", report.amount, ""
    ties = abs(residual) <= allowed + 1e-9
    explained = []
    tries = [] if ties else period.what_ifs(report.measure, report.clock, parts)
    for name, effect in tries:
        if abs(effect) > 1e-9:
            explains = abs(residual + effect) <= allowed + 1e-9
            explained += [name] if explains else []
            yield name, "what_if", effect, "explains the residual" if explains else ""
    yield "residual", "residual", residual, "ties" if ties else f"beyond tolerance{f'; {explained[0]}' if explained else ''}"


def _unsayable(books: Books, report: Report) -> str:
    """Why our figure of a period cannot be said; empty where it can."""
    window, clock = report.window, report.clock
    if window.days < 1:
        return "the period ends before it begins"
    if not books.began(window):
        return f"the exports begin with {books.known.first_week}"
    if window.end > books.week.end:
        return f"the period ends after {books.week}"
    if report.measure == "refunds" or (report.measure, clock) == ("net_sales", "event_date"):
        if clock == "event_date" and (window.start.weekday() or window.days % 7):
            return "refunds have a week and no day: the period has to be of whole weeks, Monday to Sunday"
        if clock == "event_date" and window.start == books.known.first_week.monday:
            return "the first folder holds the refunds of the weeks before it too"
        reach = window if clock == "event_date" else Window(window.start, books.week.end)
        if gone := next((need for need in NEEDS["refunds"] if not books.has(need, reach)), None):
            return f"{gone} was not exported in every week of it"
    needs = ("orders", "order_lines", *(NEEDS.get(report.measure, ()) if report.measure != "refunds" else ()))
    gone = next((need for need in needs if not books.has(need, window)), None)
    return f"{gone} was not exported in every week of it" if gone else ""


class _Period:
    """One source's period: the sums of its orders by every flag that a bridge tells apart. Asked once, read by all its measures."""

    def __init__(self, books: Books, report: Report) -> None:
        self.books, self.window = books, report.window
        settings = books.settings.reconcile
        self.channels = settings.channels.get(report.source)
        self.zone = settings.timezones.get(report.source, books.settings.timezone)
        self._sums: dict[str, list[dict[str, Any]]] = {}
        if self.channels is None and report.source in self._known_channels():
            self.channels = [report.source]

    def _known_channels(self) -> set[str]:
        return set(self.books.frame(("channels",), lambda: self.books.table("orders").select("channel").distinct())["channel"])

    def _scoped(self, t: ibis.Table) -> ibis.Table:
        return t if self.channels is None else t.filter(t.channel.isin(self.channels))

    def sums(self, zone: str) -> list[dict[str, Any]]:
        """A row a combination of `FLAGS`: the sums of AMOUNTS and COUNTS, amounts also `…_own`, in the orders' own currency.

        `here`: placed in the period by our days, `there`: by the days of `zone`; `gone_…`: cancelled in it.
        """
        if zone not in self._sums:
            w, ours = self.window, self.books.settings.timezone
            t = self._scoped(order_totals(self.books, Window(w.start - timedelta(days=2), w.end + timedelta(days=2))))
            begins, ends = (ibis.literal(midnight(day, zone)).cast("timestamp") for day in (w.start, w.end))
            here, gone_here = inside(t.day, w), inside(t.gone, w).fill_null(False)
            t = t.mutate(
                here=here, gone_here=gone_here,
                there=here if zone == ours else (t.ordered_at >= begins) & (t.ordered_at < ends),
                gone_there=gone_here if zone == ours else ((t.gone_at >= begins) & (t.gone_at < ends)).fill_null(False),
            )  # fmt: skip
            t = t.filter(t.here | t.there | t.gone_here | t.gone_there)
            own = {f"{name}_own": (t[name] / t.rate.nullif(0)).sum() for name in AMOUNTS}
            by = t.group_by(*FLAGS).aggregate(**{name: t[name].sum() for name in (*AMOUNTS, *COUNTS)}, **own)
            self._sums[zone] = by.to_pyarrow().to_pylist()
        return self._sums[zone]

    def parts(self, measure: str, clock: str) -> list[tuple[str, float]]:
        """The parts of our figure, in order; their sum is the figure. Parts that are 0 in every export are left out."""
        placed, more = MEASURES[measure]
        value = _value(measure)
        rows = self.sums(self.zone)
        gone = _gone(clock, "here")
        parts = [
            ("placed", _sum(rows, lambda r: r[placed], lambda r: r["here"] and not r["late"] and not r["foreign"])),
            ("placed_in_another_currency", _sum(rows, lambda r: r[placed], lambda r: r["here"] and not r["late"] and r["foreign"])),
            ("placed_known_late", _sum(rows, lambda r: r[placed], lambda r: r["here"] and r["late"])),
            *((name, sign * _sum(rows, lambda r, name=name: r[name], lambda r: r["here"])) for name, sign in more.items()),
            ("cancelled_orders", -_sum(rows, value, gone)),
        ]
        if self.zone != self.books.settings.timezone:
            parts.append(("time_zone_edge", self._edge(measure, clock, self.zone)))
        if (measure, clock) == ("net_sales", "event_date"):
            parts += [(name, -amount) for name, amount in self.refunds(clock)]
        return [part for part in parts if part[0] == "placed" or abs(part[1]) > 1e-9]

    def _edge(self, measure: str, clock: str, zone: str) -> float:
        """What the days of another zone add to a figure: orders that are the period's there and not here, less the other way round."""
        value, rows = _value(measure), self.sums(zone)
        there = _sum(rows, value, lambda r: r["there"]) - _sum(rows, value, _gone(clock, "there"))
        return there - (_sum(rows, value, lambda r: r["here"]) - _sum(rows, value, _gone(clock, "here")))

    def refunds(self, clock: str) -> list[tuple[str, float]]:
        """What was refunded: of the orders placed in the period (order_date), or by the folders of its weeks (event_date)."""
        if clock == "event_date":
            t = self._scoped(refund_events(self.books))
            t = t.filter(inside(t.week, self.window))
            by = t.group_by("foreign", "known").aggregate(amount=t.amount.sum())
        else:
            w = self.window
            o = self._scoped(order_totals(self.books, Window(w.start - timedelta(days=2), w.end + timedelta(days=2))))
            begins, ends = (ibis.literal(midnight(day, self.zone)).cast("timestamp") for day in (w.start, w.end))
            o = o.filter((o.ordered_at >= begins) & (o.ordered_at < ends))
            t = o.join(refunded_orders(self.books), "order_id")
            by = t.mutate(known=ibis.literal(True)).group_by("foreign", "known").aggregate(amount=t.refund.sum())
        rows = by.to_pyarrow().to_pylist()
        amount: Sum = lambda r: r["amount"]  # noqa: E731
        parts = [
            ("refunds", _sum(rows, amount, lambda r: r["known"] and not r["foreign"])),
            ("refunds_in_another_currency", _sum(rows, amount, lambda r: r["known"] and r["foreign"])),
            ("refunds_of_unknown_orders", _sum(rows, amount, lambda r: not r["known"])),
        ]
        return [part for part in parts if part[0] == "refunds" or abs(part[1]) > 1e-9]

    def what_ifs(self, measure: str, clock: str, parts: list[tuple[str, float]]) -> list[tuple[str, float]]:
        """What our figure would gain or lose, should the source count otherwise: the usual reasons why two systems do not agree."""
        if measure == "refunds":
            return [("if_its_sign_is_turned", -2 * sum(amount for _, amount in parts))]
        rows, have, value = self.sums(self.zone), dict(parts), _value(measure)
        here: Callable[[dict[str, Any]], bool] = lambda r: r["there"] and not r["cancelled"]  # noqa: E731
        of = lambda name: _sum(rows, lambda r: r[name], here)  # noqa: E731
        both = of("line_discounts") + of("order_discounts")
        tries = [
            ("if_cancelled_orders_count", -have.get("cancelled_orders", 0.0)),
            ("if_cancelled_units_count", -have.get("cancelled_units", 0.0) - have.get("units_cancelled", 0.0)),
            ("if_orders_known_late_do_not_count", -_sum(rows, value, lambda r: here(r) and r["late"])),
            ("if_other_currencies_do_not_count", -_sum(rows, value, lambda r: here(r) and r["foreign"])),
        ]
        if measure not in COUNTED:
            tries.append(("if_other_currencies_are_not_converted", _sum(rows, lambda r: _value(measure, "_own")(r) - value(r), here)))
        if measure in ("gross_sales", "net_sales"):
            tries.append(("if_shipping_counts", of("shipping")))
        if measure == "discounts":
            tries.append(("if_order_discounts_do_not_count", -of("order_discounts")))
            tries.append(("if_its_sign_is_turned", -2 * sum(have.values())))
        if measure == "gross_sales":
            tries.append(("if_discounts_are_taken_off", -both))
        if measure == "net_sales":
            tries.append(("if_discounts_are_not_taken_off", both))
        if self.zone == self.books.settings.timezone != "UTC":
            tries.append(("if_days_are_in_UTC", self._edge(measure, clock, "UTC")))
        aside = self._set_aside(measure)
        return [*tries, ("if_rows_set_aside_count", aside)]

    def _set_aside(self, measure: str) -> float:
        """Lines in quarantine of the period's orders, as far as their money can be read; those of other channels are not told apart."""
        if measure not in ("gross_sales", "net_sales", "units"):
            return 0.0
        rows = self.books.known.exports.set_aside
        rows = rows[(rows["day"] >= pd.Timestamp(self.window.start)) & (rows["day"] < pd.Timestamp(self.window.end))]
        return float(rows["units" if measure == "units" else "gross"].sum())


def _value(measure: str, suffix: str = "") -> Sum:
    """What an order is worth to a measure: what was placed, less what was called off."""
    placed, more = MEASURES[measure]
    return lambda r: r[f"{placed}{suffix}"] + sum(sign * r[f"{name}{suffix}"] for name, sign in more.items())


def _gone(clock: str, where: str) -> Callable[[dict[str, Any]], bool]:
    """Which orders count as cancelled: those placed in the period that are by now, or those whose cancellation fell in it."""
    return (lambda r: r[f"gone_{where}"]) if clock == "event_date" else (lambda r: r[where] and r["cancelled"])


def _sum(rows: list[dict[str, Any]], value: Sum, which: Callable[[dict[str, Any]], bool]) -> float:
    return float(sum(value(r) or 0.0 for r in rows if which(r)))


def ties(bridges: pd.DataFrame) -> list[dict[str, Any]]:
    """A row a control total that W's folder brought: source, measure, clock, figure, reported, residual (empty: n/a), ties, note."""
    out = []
    for (source, measure, clock, *period), steps in bridges.groupby(KEY, sort=False):
        said = {kind: row for kind, row in steps.set_index("kind").iterrows() if kind in ("figure", "reported", "residual")}
        last = said.get("residual", said["figure"])
        amounts = {kind: float(said[kind]["amount"]) if kind in said else float("nan") for kind in ("figure", "reported", "residual")}
        about = {"source": source, "measure": measure, "clock": clock, "period_start": period[0], "period_end": period[1]}
        out.append({**about, **amounts, "ties": bool(last["note"] == "ties"), "note": str(last["note"])})
    return out
