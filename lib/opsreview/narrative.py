"""Sentences from numbers: what is out of line, what changed, what it costs. Nothing here is typed in advance but the grammar."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import counted, formats
from opsreview.catalog import checks, kpis
from opsreview.figures import asides, charted, figure, key_words, meaning, missing_table, signal_words, subject, target_words, wanting
from opsreview.judgement import status, target_of

ORDER = {"breach": 0, "watch": 1, "ok": 2, "none": 3, "n/a": 4}
NOTICES = 5  # of what intake has to say, in the page; run.json holds all
REVIEWS = {"monday": "demand and inventory", "wednesday": "fulfillment and service", "friday": "margin and risk"}


def headline(results: Any, review: str) -> str:
    """One or two sentences: the most important status, the money at stake, what there is to decide."""
    parts = [_status_sentence(results, review), _money_sentence(results, review)]
    return " ".join(part for part in parts if part)


def grave(results: Any, review: str) -> str:
    """The worst status among the review's figures of the whole store: breach, watch, ok, none or n/a."""
    seen = whole(results, review).status
    return min(seen, key=lambda s: ORDER.get(s, 9)) if len(seen) else "n/a"


def whole(results: Any, review: str) -> pd.DataFrame:
    """The review's rows of kpis.csv for the whole store, in the order of the catalog."""
    rows = results.kpis
    return rows[(rows.review == review) & (rows.grain == "all")]


def _status_sentence(results: Any, review: str) -> str:
    rows = whole(results, review)
    currency, money = results.settings.reporting_currency, ""
    if review == "friday":
        money = leaks_sentence(results)
    judged = rows[rows.status.isin(["ok", "watch", "breach"])]
    if judged.empty:
        said = [figure(row, currency) for row in rows[rows.value.notna()].itertuples()]
        gone = rows[rows.status == "n/a"].kpi.tolist()
        why = f"could be measured{wanting(results, gone)}" if gone else "is set"
        none = f"no figure with a target {why}" if gone else f"no target {why}"
        start = f"{formats.listing(said, 2)}; {none}" if said else f"In {REVIEWS[review]} {none}"
        return f"{start}. {money}".strip()
    worst = judged[judged.status == grave(results, review)]
    first = next(worst.itertuples())
    if first.status == "ok":
        few = formats.capital(formats.listing([formats.inner(kpis()[row.kpi].label) for row in judged.itertuples()]))
        text = f"{few} are on target" if len(judged) <= 3 else f"All {len(judged)} figures with a target are on target"
        text = (text if len(judged) > 1 else f"{figure(first, currency)}, on target") + _worse(rows)
        return f"{text}{_unmeasured(results, rows)}.{asides(results, judged)} {money}".strip()
    line = target_words(first.kpi, first.key, results.settings)
    text = f"{figure(first, currency)}; the target is {line}"
    others = [formats.inner(kpis()[r.kpi].label) for r in judged[judged.status == first.status].iloc[1:].itertuples()]
    if others:
        text += f", and {formats.listing(others, 2)} {'is' if len(others) == 1 else 'are'} {_standing(first.status)} too"
    return f"{text}{_unmeasured(results, rows)}.{asides(results, judged)} {money}".strip()


def _worse(rows: pd.DataFrame) -> str:
    """`, but contribution margin changed for the worse`: a level that is fine may hide a change that is not."""
    bad = [
        formats.inner(kpis()[r.kpi].label) for r in rows.itertuples() if meaning(r.signal, kpis()[r.kpi].better) == "changed for the worse"
    ]
    return f", but {formats.listing(bad, 2)} changed for the worse" if bad else ""


def _unmeasured(results: Any, rows: pd.DataFrame) -> str:
    """`; 6 could not be measured for want of inventory`: what is n/a is said, never passed over."""
    gone = rows[rows.status == "n/a"].kpi.tolist()
    return f"; {formats.number(len(gone))} could not be measured{wanting(results, gone)}" if gone else ""


def _standing(state: str) -> str:
    return {"breach": "in breach", "watch": "on watch", "ok": "on target"}.get(state, "not judged")


def _money_sentence(results: Any, review: str) -> str:
    found = worth_deciding(results, review)
    if found.empty:
        return "No finding is open."
    currency = results.settings.reporting_currency
    money = counted.said(found, currency)
    top = found.iloc[0]
    if not money:
        return f"{formats.count(len(found), 'finding').capitalize()} open, none with money on it: {formats.midway(top.title)}."
    choices = found.suggested_decision.map(lambda text: suggestion(text).partition(":")[0]).value_counts()
    choices = choices[choices.index != ""]
    if len(found) == 1:
        text = f"One finding costs about {money}: {top.title}"
        return f"{text}. To decide: {choices.index[0]}." if len(choices) else f"{text}."
    priced = int((found.impact > 0).sum())
    with_price = "the one with a price costs" if priced == 1 else f"the {formats.number(priced)} with a price cost"
    text = f"{formats.number(len(found))} findings{' cost' if priced == len(found) else f'; {with_price}'} about {money}"
    ahead = counted.together(found[found.check.isin([name for name, check in checks().items() if check.ahead])])[0]
    text += f" ({formats.money(ahead, currency)} a week of it still ahead)" if ahead else ""
    once = f" {counted.ONCE}" if counted.comes_once(found).iloc[0] else ""
    text += f"; the largest, {formats.money(top.impact, currency)}{once}: {formats.midway(top.title)}"
    asked, rest = [f"{name} ({n})" for name, n in choices.head(3).items()], int(choices.iloc[3:].sum())
    asked += [f"{formats.count(rest, 'other')}"] if rest else []
    return f"{text}. To decide: {formats.listing(asked, 4)}." if asked else f"{text}."


def worth_deciding(results: Any, review: str) -> pd.DataFrame:
    """The review's findings that stand this week (resolved ones are history), largest impact first; of twins one."""
    found = results.findings
    return counted.told_apart(found[found.review.isin([review, "all"]) & (found.state != "resolved")])


def suggestion(text: Any) -> str:
    """`rebalance_inbound: 36 units …` as `rebalance inbound: 36 units …`; empty where nothing is suggested."""
    word, colon, rest = ("" if formats.missing(text) else str(text)).partition(":")
    return f"{formats.words(word)}{colon}{rest}"


def leaks_sentence(results: Any) -> str:
    """`The leaks cost €6,400 in the week (71 basis points of net revenue), €800 more than usual.`"""
    rows = results.leaks[(results.leaks.leak == "1-4") & (results.leaks.part == "total")]
    if rows.empty or formats.missing(rows.amount.iloc[0]):
        return ""
    row, currency = rows.iloc[0], results.settings.reporting_currency
    text = f"The leaks cost {formats.money(row.amount, currency)} in the week"
    if not formats.missing(row.basis_points):
        text += f" ({formats.number(row.basis_points)} basis points of net revenue)"
    text += lacking(row.without)
    if not formats.missing(row.usual):
        more = row.amount - row.usual
        text += f", {formats.money(abs(more), currency)} {'more' if more >= 0 else 'less'} than usual"
    return f"{text}."


def lacking(without: str) -> str:
    """` without rework and creep (n/a)`: what a total of leaks has not in it; empty where it has all."""
    return f" without {formats.listing([formats.words(part) for part in without.split('; ')], 4)} (n/a)" if without else ""


def changed(results: Any, review: str) -> pd.DataFrame:
    """What is new in the week's figures: kpi, grain, key, kind (signal or threshold), meaning, text, short; the whole store first.

    A signal says that something changed against its own history; a threshold that a target's line was crossed since last week.
    SKUs are left out: by chance alone some would always speak.
    """
    rows = results.kpis[(results.kpis.review == review) & (results.kpis.grain != "sku")]
    rows = rows.assign(place=rows.grain != "all").sort_values("place", kind="stable")
    out = []
    for row in rows[rows.signal.str.startswith(("up:", "down:"), na=False)].itertuples():
        fact = kpis()[row.kpi]
        said, short = signal_sentence(row, results), signal_short(row, results)
        out.append((row.kpi, row.grain, row.key, "signal", meaning(row.signal, fact.better), said, short))
    for row in rows.itertuples():
        fact, target = kpis()[row.kpi], target_of(results.settings, row.kpi, row.key)
        before = status(float("nan") if formats.missing(row.previous) else row.previous, fact.better, target)
        if before in ORDER and ORDER[before] < 3 and ORDER.get(row.status, 9) < 3 and before != row.status:
            better = ORDER[row.status] > ORDER[before]
            said, short = threshold_sentence(row, before, results), threshold_short(row, before, results)
            out.append((row.kpi, row.grain, row.key, "threshold", f"changed for the {'better' if better else 'worse'}", said, short))
    return pd.DataFrame(out, columns=["kpi", "grain", "key", "kind", "meaning", "text", "short"])


def signal_sentence(row: Any, results: Any) -> str:
    """`On-time ship fell to 72.0 % in the week alone, below its lower limit (usually 81.2 % to 97.4 %).`"""
    fact = kpis()[row.kpi]
    value, usual = _charted_now(row, results)
    alone = " in the week alone" if fact.charted_over and fact.charted_over < fact.window else ""
    return f"{subject(row)} {_moved(row.signal, value)}{alone}, {signal_words(row.signal)}{usual}."


def signal_short(row: Any, results: Any) -> str:
    """`location BER fell to 72.0 % (usually 81.2 % to 97.4 %)`: one of several under the same figure.

    What crept is within its limits and said by its rule: `channel social is up at 21.7 %, eight weeks in a row above its mean (15.6 %)`.
    """
    value, usual = _charted_now(row, results)
    if not row.signal.endswith(":limits"):
        spot, fact = charted(results, row.kpi, row.grain, row.key), kpis()[row.kpi]
        mean = "" if spot.empty else f" ({formats.quantity(spot.centre.iloc[-1], fact.unit, results.settings.reporting_currency)})"
        usual = f", {signal_words(row.signal)}{mean if row.signal.endswith(':run') else usual}"
    return f"{key_words(row.grain, row.key)} {_moved(row.signal, value)}{usual}"


def _moved(signal: str, value: str) -> str:
    """A jump fell or rose to its value; what crept over weeks is up or down at it."""
    up, jump = signal.startswith("up"), signal.endswith(":limits")
    return f"{('rose to' if up else 'fell to') if jump else ('is up at' if up else 'is down at')} {value}"


def _charted_now(row: Any, results: Any) -> tuple[str, str]:
    """The week's charted value, and in brackets what it usually is."""
    unit, currency, spot = kpis()[row.kpi].unit, results.settings.reporting_currency, charted(results, row.kpi, row.grain, row.key)
    if spot.empty:
        return formats.quantity(row.value, unit, currency), ""
    value, low, high = (formats.quantity(v, unit, currency) for v in (spot.value.iloc[-1], spot.lower.iloc[-1], spot.upper.iloc[-1]))
    return value, f" (usually {low} to {high})"


def threshold_sentence(row: Any, before: str, results: Any) -> str:
    """`Rework rate went from ok to watch: 0.60 %, last week 0.45 %; the target is at most 0.50 %.`"""
    currency = results.settings.reporting_currency
    now, then = (formats.quantity(v, row.unit, currency) for v in (row.value, row.previous))
    line = target_words(row.kpi, row.key, results.settings)
    return f"{subject(row)} went from {before} to {row.status}: {now}, last week {then}; the target is {line}."


def threshold_short(row: Any, before: str, results: Any) -> str:
    """`family Rugs ok → watch (75.8 → 71.3 %)`: one of several under the same figure."""
    then, now = (formats.quantity(v, row.unit, results.settings.reporting_currency) for v in (row.previous, row.value))
    unit = formats.NBSP + "%"
    both = f"{then.removesuffix(unit) if now.endswith(unit) else then} → {now}"
    return f"{key_words(row.grain, row.key)} {before} → {row.status} ({both})"


def trust_sentence(results: Any, of_month: bool = False) -> str:
    """What was read, how much of it was not taken, how fresh it is, what is missing: one line under the headline."""
    t = results.trust
    parts = [f"{formats.count(t['weeks_read'], 'week')} read ({t['first_week']} to {results.week})"]
    parts.append(f"{formats.count(t['tables_this_week'], 'table')} {'in the last week' if of_month else 'this week'}")
    kept, bad = t["rows_read"], t["rows_quarantined"]
    rows = f"{formats.count(kept, 'row')}, {formats.number(bad) if bad else 'none'} not taken"
    parts.append(f"{rows}{f' ({formats.share(bad / kept, 3)})' if bad and kept else ''}")
    newest = [(row["newest_event"], row["table"]) for row in t.get("tables", []) if not formats.missing(row.get("newest_event"))]
    orders = [event for event, name in newest if name == "orders"]
    if orders:
        parts.append(f"newest order {formats.moment(orders[0])} UTC")
    gone = list(dict.fromkeys(m["table"].partition(".")[0] for m in t.get("missing", []) if m["table"] != "exports"))
    if gone:
        parts.append(f"missing: {formats.listing(gone, 4)}")
    uncosted = results.month.uncosted() if of_month else t.get("uncosted_revenue") or 0.0
    if round(uncosted, 2):
        whose = f"{formats.month(results.month.name, year=False)}'s " if of_month else ""
        parts.append(f"{formats.money(uncosted, results.settings.reporting_currency)} of {whose}net revenue has no cost of goods")
    return " · ".join(parts)


def trust_details(results: Any) -> list[str]:
    """What is missing and what that costs, what was not taken and why, what was not recognised: a sentence each, without its full stop."""
    t = results.trust
    out = [f"{missing_table(m)}{_costs(m.get('costs'))}{_instead(m)}" for m in t.get("missing", [])]
    if t.get("quarantine_reasons"):
        reasons = sorted(t["quarantine_reasons"].items(), key=lambda reason: -reason[1])
        said = formats.listing([f"{formats.words(reason)} ({formats.number(n)})" for reason, n in reasons], 6)
        out.append(f"Rows not taken: {said}; each is in quarantine.csv")
    same = [(f"{formats.number(t[f'rows_{k}'])} {words}") for k, words in KINDS.items() if t.get(f"rows_{k}")]
    if same:
        out.append(f"Of the rows read, {formats.listing(same, 3)}")
    if t.get("unrecognised"):
        out.append(f"Files not recognised: {formats.listing([_name(f) for f in t['unrecognised']], 5)}")
    if t.get("dropped_columns"):
        columns = {c["path"]: formats.listing([str(name) for name in c["columns"]], 3) for c in t["dropped_columns"]}
        out.append(f"Columns not read: {formats.listing([f'{path} ({said})' for path, said in columns.items()], 5)}")
    notices = [str(notice).rstrip(".") for notice in t.get("notices", [])]
    more = [f"{len(notices) - NOTICES} more notices of this kind are in run.json"] if len(notices) > NOTICES else []
    return [*out, *notices[:NOTICES], *more]


KINDS = {"replaced": "were replaced by newer ones", "duplicate": "came twice", "deleted": "were deleted at the source"}


def _costs(costs: Any) -> str:
    names = [costs] if isinstance(costs, str) else list(costs or [])
    said = [kpis()[name].label if name in kpis() else formats.words(name) for name in names]
    return f": without it {formats.listing(said, 4)} cannot be said" if said else ""


def _instead(gone: dict[str, Any]) -> str:
    names = [kpis()[name].label for name in gone.get("beside") or []]
    where = f"in {formats.listing(names, 2)} " if names else ""
    return f"; {where}{gone['instead']}" if gone.get("instead") else ""


def _name(thing: Any) -> str:
    return str(thing) if not isinstance(thing, dict) else " ".join(str(v) for v in thing.values())


def decisions_sentence(kept: pd.DataFrame, currency: str) -> str:
    """`12 decisions on record: 4 done, 2 overdue. Findings decided about cost €1,200 a week less than then.`"""
    done, late = int(kept.done.sum()), int(kept.overdue.sum())
    text = f"{formats.count(len(kept), 'decision').capitalize()} on record: {done} done, {late} overdue."
    both = kept[pd.to_numeric(kept.impact_then).notna() & pd.to_numeric(kept.impact_now).notna()]
    if both.empty:
        return text
    moved = (pd.to_numeric(both.impact_now) - pd.to_numeric(both.impact_then)).groupby(both.per.replace("", "a week")).sum()
    said = [f"{formats.money(abs(m), currency)} {per} {'more' if m > 0 else 'less'}" for per, m in moved.items() if m]
    return f"{text} What they are about costs {f'{formats.listing(said)} than' if said else 'as much as'} then."
