"""The parts every review has: headline, trust line, last time's decisions, what changed, scorecard, findings. Each takes `Results`."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import counted, figures, formats, headlines, narrative
from opsreview import trust as trusted
from opsreview.catalog import AUDIT, HEALTH, MONTH, checks, kpis
from opsreview.page import environment
from opsreview.tables import PILLS, Html, nothing, sentences, table

FIRST = 8  # findings shown at once; the others are folded away
MOST_REST = 100  # of those folded away, in the page; findings.csv has them all
MOST_NEWS, MOST_KEYS = 16, 4  # lines of a kind under what changed, and keys in a line; the rest is in kpis.csv
STRIP = {
    "monday": ["forecast_accuracy_14d", "forecast_bias_14d", "forecast_accuracy_30d", "in_stock_rate_weighted", "oos_risk_14d"],
    "wednesday": ["pick_pack_accuracy", "rework_rate", "dock_to_stock_hours", "on_time_ship_rate", "carrier_exception_rate"],
    "friday": ["net_revenue", "gross_margin", "contribution_margin", "contribution_margin_after_marketing", "return_rate_cohort"],
}
WAYS = {"changed for the better": "good", "changed for the worse": "bad"}
GRADES = "A benchmark stands beside a figure and never colors it. Grades: A primary source, B secondary, C vendor, D our own."


def headline(results: Any, review: str) -> Html:
    """The review in one or two sentences."""
    if review == HEALTH:
        text, status = trusted.headline(results)
    elif review in (AUDIT, MONTH):
        text, status = (headlines.audit_headline if review == AUDIT else headlines.month_headline)(results)
    else:
        text, status = headlines.week_headline(results, review)
    return Html(environment().get_template("headline.j2").render(text=text, status=status), text)


def trust(results: Any, review: str = "") -> Html:
    """What the figures stand on, in a line that links to the exports' own page; what is missing and not taken, folded under it."""
    columns = """
    table | Table | words
    last_week | Last came | plain
    newest_event | Newest event, UTC | moment
    rows | Rows | number
    """
    read = pd.DataFrame(results.trust["tables"])
    tied = trusted.sentence(results)
    text = f"{narrative.trust_sentence(results, review == MONTH)}{f' · {tied}' if tied else ''}"
    details = [f"{line}." for line in (*trusted.details(results), *trusted.become(results), *narrative.trust_details(results))]
    tables = [*(trusted.bridge(results, total).html for total in trusted.worst(results)), table(read, columns).html]
    marks, restated = [*trusted.alarms(results), *trusted.early(results, review)], trusted.restated(results)
    link = _health_page(results, review)
    moved = formats.number((results.restatements.view == "re-run").sum()) if restated else ""
    html = environment().get_template("trust.j2")
    html = html.render(text=text, marks=marks, restated=restated, details=details, tables="".join(tables), link=link, moved=moved)
    return Html(html, "\n".join([*marks, *restated, text]))


def _health_page(results: Any, review: str) -> str:
    """Where the exports' own page lies, seen from this one: beside it, of a month in its last week's folder, where that was published."""
    if review != MONTH:
        return "" if review == HEALTH else f"{HEALTH}.html"
    reports = results.reports_dir
    return f"../{results.week}/{HEALTH}.html" if reports and (reports / str(results.week) / f"{HEALTH}.html").is_file() else ""


def last_time(results: Any, review: str) -> Html:
    """What was decided before about this review's findings: by whom, whether it is overdue, and what the figures did since."""
    kept = results.decisions[results.decisions.review == review]
    if kept.empty:
        return nothing("", "No decision of this review is on record yet; what is saved below is shown here next time")
    frame = kept.assign(
        what=kept.title.where(kept.title.fillna("") != "", kept.finding_id),
        made=[_made(row) for row in kept.itertuples()],
        state=["done" if done else "overdue" if late else "committed" for done, late in zip(kept.done, kept.overdue, strict=True)],
        since=[_since(row.outcome, row.done) for row in kept.itertuples()],
    )
    columns = """
    what | Finding | text | small=made
    owner | Owner | plain
    due_on | Due | day
    eta_commitment | ETA committed | day
    state | State | pill
    impact_then | Then, a week | money? | small=per
    impact_now | Now, a week | money
    since | Since then | plain
    """
    order = frame.assign(late=frame.state != "overdue").sort_values(["late", "recorded_at"], ascending=[True, False], kind="stable")
    currency = results.settings.reporting_currency
    return table(
        order, columns, currency=currency, note=narrative.decisions_sentence(kept, currency), whole="all are in decisions.csv", first=5
    )


def _since(outcome: Any, done: bool) -> str:
    """What the finding costs since then; what was done and did not help is said to."""
    said = "" if formats.missing(outcome) else {"unchanged": "about the same"}.get(str(outcome), formats.words(outcome))
    return f"{said}, though done" if done and outcome in ("unchanged", "larger") else said


def _made(row: Any) -> str:
    note = "" if formats.missing(row.note) or not str(row.note) else f": {row.note}"
    return f"{formats.words(row.decision)}{note}"


def changed(results: Any, review: str) -> list[Html]:
    """Signals (something changed) and thresholds crossed (the level is another one), told apart, each by name."""
    news = narrative.changed(results, review)
    rows = results.kpis[(results.kpis.review == review) & (results.kpis.grain != "sku") & results.kpis.value.notna()]
    tracked = int((rows.signal != "short").sum())
    quiet = f"No signal in {formats.count(tracked, 'figure')}: nothing moved beyond what weeks differ by anyway."
    if not tracked:
        quiet = "No figure has the twelve weeks of history that a signal needs." if len(rows) else "No figure could be measured."
    signals, lines = news[news.kind == "signal"], news[news.kind == "threshold"]
    of = f" ({len(signals)} of {tracked} figures)" if len(signals) else ""
    return [
        _news(signals, f"Signals: changed against their own history{of}", quiet),
        _news(lines, "Thresholds: crossed a line of their target since last week", "No figure crossed a line of its target."),
    ]


def _news(rows: pd.DataFrame, heading: str, quiet: str) -> Html:
    """A sentence a figure of the whole store, then a line a figure for its single keys; figures that say the same share a line."""
    whole = rows.grain == "all"
    lines: dict[tuple[str, str], list[str]] = {}
    for row in rows[whole].itertuples():
        label = kpis()[row.kpi].label
        lines.setdefault((WAYS.get(row.meaning, ""), row.text.removeprefix(label)), []).append(label)
    for kpi, group in rows[~whole].groupby("kpi", sort=False):
        way = group.meaning.iloc[0] if (group.meaning == group.meaning.iloc[0]).all() else ""
        lines.setdefault((WAYS.get(way, ""), f": {formats.listing(group.short.tolist(), MOST_KEYS)}."), []).append(kpis()[kpi].label)
    said = [(way, f"{_joined(labels)}{text}") for (way, text), labels in lines.items()]
    if len(said) > MOST_NEWS:
        said = [*said[:MOST_NEWS], ("", f"{len(said) - MOST_NEWS} more figures are in kpis.csv.")]
    return sentences(said or [("", quiet)], heading)


def _joined(labels: list[str]) -> str:
    """Figures of which the same is said: `Forecast value added, 14 days and 30 days`, what they share said once."""
    heads = [label.partition(", ") for label in labels]
    if len(labels) > 1 and all(head == heads[0][0] and tail for head, _, tail in heads):
        return f"{heads[0][0]}, {formats.listing([tail for _, _, tail in heads], len(labels))}"
    return formats.listing([labels[0], *(formats.inner(label) for label in labels[1:])], len(labels))


def findings(results: Any, review: str) -> Html:
    """The review's findings by money: what, how much a week and how that was reckoned, who, by when, what to do."""
    found, currency = narrative.worth_deciding(results, review), results.settings.reporting_currency
    if found.empty:
        return nothing("", "No finding this week: nothing is beyond its threshold")
    shown = found.assign(
        about=[_about(row, more) for row, more in zip(found.itertuples(), counted.beside(found, currency), strict=True)],
        per=counted.marked(found),
        who=found.owner.where(found.owner.fillna("") != "", "nobody yet"),
        then=[f"then {row.escalate_to}" if not formats.missing(row.escalate_to) and row.escalate_to else "" for row in found.itertuples()],
        what=[narrative.suggestion(text) for text in found.suggested_decision],
    )
    columns = """
    title | Finding | text | small=about
    severity | Severity | pill
    impact | A week | money? | small=per | help=what it costs a week; once where it says so | bar
    who | Owner | text | small=then
    due_at | Due | day
    what | Suggested
    """
    top, rest = shown.head(FIRST), shown.iloc[FIRST:]
    more = table(rest, columns, currency=currency, most=MOST_REST, whole="all are in findings.csv").html if len(rest) else ""
    html = (
        environment()
        .get_template("findings.j2")
        .render(top=table(top, columns, currency=currency).html, rest=more, summary=_together(rest, "smaller finding", currency))
    )
    return Html(html, _together(found, "finding", currency))


def _together(found: pd.DataFrame, what: str, currency: str) -> str:
    money = counted.said(found, currency)
    return f"{formats.count(len(found), what)}{f', {money} together' if money else ''}"


def _about(row: Any, shared: str) -> str:
    """What was found, since when, how its money was reckoned and what of it (`shared`) another finding says too."""
    since = f"{row.state}, found since {row.first_seen}" if row.first_seen and row.first_seen != row.week else str(row.state)
    title = checks()[row.check].title if row.check in checks() else formats.words(row.check)
    return " · ".join(
        str(part)
        for part in (title, since, "" if shared == counted.AGAIN else row.impact_basis, shared)
        if part and not formats.missing(part)
    )


def strip(results: Any, review: str) -> Html:
    """The review's main figures as cards: value, target and status, change on last week, signal."""
    rows = narrative.whole(results, review).set_index("kpi", drop=False)
    cards = [_card(rows.loc[name], results) for name in STRIP[review] if name in rows.index]
    cards += [_card(row, results) for _, row in _tiers(results, review).iterrows()]
    said = [" ".join([c["label"], c["value"], *(f"({c[more]})" for more in ("status", "note") if c[more])]) for c in cards]
    return Html(environment().get_template("kpis.j2").render(cards=cards), "; ".join(said))


def _tiers(results: Any, review: str) -> pd.DataFrame:
    """Days of supply has its targets by velocity tier."""
    rows = results.kpis
    rows = rows[(rows.review == review) & (rows.kpi == "days_of_supply") & (rows.grain == "tier") & rows.key.isin(["A", "B", "C"])]
    return rows.sort_values("key")


def _card(row: pd.Series, results: Any) -> dict[str, str]:
    fact, currency = kpis()[row.kpi], results.settings.reporting_currency
    gone, target = formats.missing(row.value), figures.target_words(row.kpi, row.key, results.settings)
    news = figures.meaning(row.signal, fact.better)
    still = gone or formats.missing(row.previous)
    return {
        "label": figures.subject(row),
        "question": fact.question,
        "value": formats.quantity(row.value, row.unit, currency),
        "status": "" if row.status in ("none", "n/a") else row.status,
        "cls": PILLS.get(row.status, ""),
        "target": figures.why_missing(results, row.kpi) if gone else f"target {target}" if target else "no target set",
        "delta": "" if still else formats.difference(row.value, row.previous, row.unit, currency),
        # A change on last week is colored only where it is news and goes that way: weeks differ by chance.
        "way": "" if still or not _goes_with(row, fact.better, news) else WAYS.get(news, ""),
        "signal": "" if news == "in its usual range" else news,
        "news": WAYS.get(news, ""),
        "note": "" if gone else "; ".join(figures.beside(results, row.kpi, row if row.grain == "all" else None)),
    }


def _goes_with(row: pd.Series, better: str, news: str) -> bool:
    """Whether the step from last week is for the worse where the news is, and for the better where it is that."""
    step = {"up": 1, "down": -1}.get(better, 0) * (row.value - row.previous)
    return not step or ("good" if step > 0 else "bad") == WAYS.get(news)


def scorecard(results: Any, review: str) -> Html:
    """Every figure of the review for the whole store: value, target, status, signal, last week, baseline, n, benchmark with its grade."""
    rows = pd.concat([narrative.whole(results, review), _tiers(results, review)])
    shown = pd.DataFrame([_scored(row, results) for row in rows.itertuples()])
    columns = """
    label | Figure | text | small=formula
    value | Value | said
    status | Status | pill | help=against the target
    target | Target | plain
    signal | Signal | plain | help=against its own history
    previous | Last week | said
    baseline | Usually | said | help=median of up to 13 weeks before
    n | n | number | help=what the figure is divided by
    benchmark | Others reach | plain | small=source
    """
    return table(shown, columns, f"All figures of this review: {_standings(shown)}", note=GRADES)


def _standings(shown: pd.DataFrame) -> str:
    """`6 figures, against their targets 1 breach and 2 ok; 4 with a signal`."""
    judged = [f"{n} {state}" for state in ("breach", "watch", "ok", "n/a") if (n := int((shown.status == state).sum()))]
    news = int(shown.signal.str.startswith(("▲", "▼")).sum())
    against = f"against their targets {formats.listing(judged, 4)}" if judged else "none with a target"
    return f"{formats.count(len(shown), 'figure')}, {against}; {news or 'none'} with a signal"


def _scored(row: Any, results: Any) -> dict[str, Any]:
    fact, currency = kpis()[row.kpi], results.settings.reporting_currency
    gone, mark = formats.missing(row.value), fact.benchmark
    way, _, rule = str(row.signal).partition(":")
    signal = {"up": f"▲ {rule}", "down": f"▼ {rule}", "short": "too short"}.get(way, "none")
    value, previous, baseline = (formats.quantity(v, row.unit, currency) for v in (row.value, row.previous, row.baseline))
    return {
        "label": figures.subject(row),
        "formula": figures.why_missing(results, row.kpi)
        if gone
        else ". ".join([figures.formula(fact), *figures.beside(results, row.kpi, row if row.grain == "all" else None)]),
        "value": value,
        "status": "n/a" if gone else "" if row.status == "none" else row.status,
        "target": figures.target_words(row.kpi, row.key, results.settings) or "none",
        "signal": signal,
        "previous": previous,
        "baseline": baseline,
        "n": row.denominator,
        "benchmark": mark.text if mark else "",
        "source": f"{mark.source}{', ' if mark.source else ''}{mark.year} · grade {mark.grade}" if mark else "",
    }
