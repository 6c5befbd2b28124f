"""Whether the figures can be trusted, in words: what ties to a source's own report, what does not, and by which bridge."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import figures, formats
from opsreview.catalog import REVIEWS, kpis
from opsreview.tables import Html, table

COUNTED = ("orders", "units")
MOST_RESTATED = 5  # sentences on a page; restatements.csv has all
CLOCKS = {"order_date": "by order date", "event_date": "by event date"}
STEPS = {
    "placed": "Placed", "figure": "Our figure", "reported": "Its own report", "residual": "Residual: ours − its report",
    "cancelled_units": "Units called off", "units_cancelled": "Units called off", "placed_known_late": "Placed, and known late",
    "time_zone_edge": "Hours between its days and ours", "if_days_are_in_UTC": "If days are in UTC",
}  # fmt: skip


def headline(results: Any) -> tuple[str, str]:
    """(text, status) of the exports' own page: what came, what is wrong with it, whether it ties."""
    t, found = results.trust, results.findings
    found = found[(found.review == "all") & (found.state != "resolved")]
    parts = [f"{formats.count(t['tables_this_week'], 'table')} came in {results.week}, {_rows_said(t)}."]
    if len(found):
        grave = found.sort_values("severity", key=lambda s: s.map({"critical": 0, "breach": 1}).fillna(2), kind="stable")
        said = [formats.midway(title) for title in grave.title]
        more = f"; and {len(said) - 3} more" if len(said) > 3 else ""
        parts.append(f"{formats.count(len(found), 'finding').capitalize()} about the exports: {'; '.join(said[:3])}{more}.")
    else:
        parts.append("Nothing about the exports is worth a decision.")
    if (tied := sentence(results)) and not alarms(results):
        parts.append(f"{formats.capital(tied)}.")
    status = "breach" if found.severity.isin(["breach", "critical"]).any() else "watch" if len(found) else "ok"
    return " ".join(parts), status


def _rows_said(t: dict[str, Any]) -> str:
    bad = t["rows_quarantined"]
    return (
        f"{formats.number(bad)} of {formats.count(t['rows_read'], 'row')} of all weeks were not taken"
        if bad
        else "every row of all weeks was taken"
    )


def sentence(results: Any) -> str:
    """`ties to shop within £0.01`; `does not tie to shop (6 of 7 totals)`; empty where no control total came."""
    parts = []
    for source, totals in _by_source(results).items():
        said = [t for t in totals if not formats.missing(t["residual"])]
        off = [t for t in said if not t["ties"]]
        if off:
            parts.append(f"does not tie to {source} ({len(off)} of {formats.count(len(said), 'total')})")
        elif said:
            money = max((abs(t["residual"]) for t in said if t["measure"] not in COUNTED), default=None)
            within = "exactly" if money is None else f"within {formats.money(max(money, 0.01), results.settings.reporting_currency, 2)}"
            parts.append(f"ties to {source} {within}")
    return " · ".join(parts)


def alarms(results: Any) -> list[str]:
    """A sentence a source whose report our figures do not tie to: what marks the page."""
    out = []
    for source, totals in _by_source(results).items():
        off = sorted((t for t in totals if not t["ties"] and not formats.missing(t["residual"])), key=_weight)
        if off:
            said = [_way(results, t) for t in off]
            rest = len(said) - 3
            more = f"; {formats.count(rest, 'more total')} differ{'s' if rest == 1 else ''}" if rest > 0 else ""
            why = {t["note"].partition("; ")[2] for t in off}
            hint = f"; it would tie {formats.words(why.pop())}" if len(why) == 1 and why != {""} else ""
            out.append(f"These figures do not tie: the report of {source} shows {formats.listing(said[:3])} than ours{more}{hint}.")
    return out


def early(results: Any, review: str) -> list[str]:
    """A sentence a table that ended before the week did, on the pages with a figure of the week that stands on it."""
    out = []
    for gone in results.trust.get("ended_early", []):
        needing = [k for k in kpis().values() if any(need.partition(".")[0] == gone["table"] for need in k.needs)]
        here = [k for k in needing if review not in REVIEWS or k.review == review]
        if not here and review in REVIEWS:
            continue
        text = f"{formats.capital(figures.ended(gone))}."
        text += f" It touches {formats.listing([formats.inner(k.label) for k in here], 3)}." if here else ""
        row = figures.value_of(results, figures.AFTER_SPEND)
        then = figures.at_usual(gone, figures.AFTER_SPEND, row) if row and any(k.id == figures.AFTER_SPEND for k in here) else None
        if then is not None:
            usual = formats.money(gone["usual"], results.settings.reporting_currency)
            text += f" It is {formats.share(row.value)} without them, {formats.share(then)} at usual spend ({usual})."
        out.append(text)
    return out


def details(results: Any) -> list[str]:
    """What could not be held against a report, and why: a sentence each, without its full stop."""
    gone: dict[tuple[str, str], list[str]] = {}
    for t in results.trust.get("ties", []):
        if formats.missing(t["residual"]):
            gone.setdefault((t["source"], t["note"]), []).append(f"{formats.words(t['measure'])} {CLOCKS.get(t['clock'], '')}")
    return [f"Not held against {source}'s report: {formats.listing(names, 4)}: {why}" for (source, why), names in gone.items()]


def restated(results: Any) -> list[str]:
    """Figures that a run of their week now gives otherwise than was published: a sentence each, the largest first, then how many more."""
    rows = results.restatements
    rows = rows[rows.view == "re-run"]
    more = (
        [f"{len(rows) - MOST_RESTATED} more published figures have changed: restatements.csv has them all."]
        if len(rows) > MOST_RESTATED
        else []
    )
    return [*(f"{_moved(row, results)}, because of {row.because}." for row in rows.head(MOST_RESTATED).itertuples()), *more]


def become(results: Any) -> list[str]:
    """Weeks as they have become since they were published: the largest changes of whole figures, a sentence each, without its full stop."""
    rows = results.restatements
    rows = rows[(rows.view == "since") & (rows.grain == "all")]
    if rows.empty:
        return []
    weeks = formats.listing(sorted(set(rows.week), reverse=True), 4)
    said = [f"{_moved(row, results)}, by {row.because}" for row in rows.head(MOST_RESTATED).itertuples()]
    return [f"With what came since, {formats.count(len(rows), 'figure')} of {weeks} moved; restatements.csv has them all", *said]


def _moved(row: Any, results: Any) -> str:
    unit, currency = kpis()[row.kpi].unit, results.settings.reporting_currency
    then, now = (formats.quantity(v, unit, currency) for v in (row.published, row.now))
    change = "" if formats.missing(row.difference) else f" ({formats.difference(row.now, row.published, unit, currency)})"
    return f"{figure_of(row)} of {row.week} was published as {then} and is {now}{change}"


def figure_of(row: Any) -> str:
    """`On-time ship, location BER`."""
    return figures.subject(row)


def bridge(results: Any, total: dict[str, Any]) -> Html:
    """One control total's bridge, step by step, what would explain its residual last."""
    steps = results.reconciliation
    for key in ("source", "measure", "clock", "period_start", "period_end"):
        steps = steps[steps[key] == total[key]]
    rows = steps.assign(
        name=[STEPS.get(s, formats.words(s).capitalize()) for s in steps["step"]],
        strong=steps["kind"].isin(["figure", "residual"]),
        place=steps["kind"].map({"part": 0, "figure": 1, "reported": 2, "residual": 3, "what_if": 4}),
    ).sort_values("place", kind="stable")
    kind, note = "number" if total["measure"] in COUNTED else "cents", ""
    if (rows["kind"] == "what_if").any():
        note = "Each “if” stands alone: what our figure would gain or lose by it."
    said = f"{formats.words(total['measure']).capitalize()} {CLOCKS.get(total['clock'], '')}: the bridge to {total['source']}'s report"
    columns = f"name | Step\namount | Amount | {kind}\nnote | Says | words"
    currency = results.settings.reporting_currency
    return table(rows, columns, f"{said}, {_period(total)}", currency, note=note, strong="strong")


def worst(results: Any) -> list[dict[str, Any]]:
    """Of each source the control total that is furthest off, where one is beyond tolerance."""
    off = {s: [t for t in totals if not t["ties"] and not formats.missing(t["residual"])] for s, totals in _by_source(results).items()}
    return [min(totals, key=_weight) for totals in off.values() if totals]


def _by_source(results: Any) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    for t in results.trust.get("ties", []):
        out.setdefault(t["source"], []).append(t)
    return out


def _weight(total: dict[str, Any]) -> tuple[bool, float]:
    """Money before counts, the largest first."""
    return total["measure"] in COUNTED, -abs(total["residual"])


def _way(results: Any, total: dict[str, Any]) -> str:
    amount = abs(total["residual"])
    said = formats.number(amount) if total["measure"] in COUNTED else formats.money(amount, results.settings.reporting_currency)
    what = formats.words(total["measure"])
    what = what.removesuffix("s") if total["measure"] in COUNTED and amount == 1 else what
    return f"{said} {'less' if total['residual'] > 0 else 'more'} {what}"


def _period(total: dict[str, Any]) -> str:
    start, end = (pd.Timestamp(total[edge]).date() for edge in ("period_start", "period_end"))
    return f"{formats.day(start)} to {formats.day(end, year=True)}"
