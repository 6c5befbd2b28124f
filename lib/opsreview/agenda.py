"""The parts every review has: headline, trust line, last time's decisions, what changed, scorecard, findings. Each takes `Results`."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import formats, narrative
from opsreview.catalog import checks, kpis
from opsreview.page import environment
from opsreview.tables import PILLS, Html, nothing, sentences, table

FIRST = 12  # findings shown at once; the others are folded away
STRIP = {
    "monday": ["forecast_accuracy_14d", "forecast_bias_14d", "forecast_accuracy_30d", "in_stock_rate_weighted", "oos_risk_14d"],
    "wednesday": ["pick_pack_accuracy", "rework_rate", "dock_to_stock_hours", "on_time_ship_rate", "carrier_exception_rate"],
    "friday": ["net_revenue", "gross_margin", "contribution_margin", "contribution_margin_after_marketing", "return_rate"],
}
WAYS = {"changed for the better": "good", "changed for the worse": "bad"}


def headline(results: Any, review: str) -> Html:
    """The review in one or two sentences."""
    text = narrative.headline(results, review)
    status = narrative.grave(results, review)
    return Html(environment().get_template("headline.j2").render(text=text, status=status), text)


def trust(results: Any) -> Html:
    """What the figures stand on, in a line; what is missing and what was not taken, folded under it."""
    t, text = results.trust, narrative.trust_sentence(results)
    details = [f"{word}." for word in narrative.trust_details(results)]
    read = pd.DataFrame(t.get("tables", []))
    listing = ""
    if len(read):
        columns = [
            "table | Table | words", "weeks | Weeks here | number", "last_week | Last came | plain",
            "newest_event | Newest event (UTC) | moment", "rows | Rows | number", "status | State | pill",
        ]  # fmt: skip
        listing = table(read, [c for c in columns if c.split(" | ")[0] in read]).html
    return Html(environment().get_template("trust.j2").render(text=text, details=details, tables=listing), text)


def last_time(results: Any, review: str) -> Html:
    """What was decided before about this review's findings: by whom, whether it is overdue, and what the figures did since."""
    kept = results.decisions
    kept = kept[kept.review == review] if len(kept) else kept
    if kept.empty:
        return nothing("", "No decision of this review is on record yet; what you save below is shown here next time")
    said = narrative.decisions_sentence(kept, results.settings.reporting_currency)
    frame = kept.assign(
        what=kept.title.where(kept.title.fillna("") != "", kept.finding_id), made=kept.decision.map(formats.words) + kept.note.map(_noted),
        state=["done" if done else "overdue" if late else "open" for done, late in zip(kept.done, kept.overdue, strict=True)],
        change=pd.to_numeric(kept.impact_now) - pd.to_numeric(kept.impact_then),
    )  # fmt: skip
    columns = [
        "what | Finding | small=made", "owner | Owner | plain", "due_on | Due | day", "eta_commitment | ETA committed | day",
        "state | State | pill", "impact_then | Then, a week | money", "impact_now | Now, a week | money", "outcome | Since then it is | words",
    ]  # fmt: skip
    order = frame.assign(late=~frame.overdue.astype(bool)).sort_values(["late", "recorded_at"], ascending=[True, False], kind="stable")
    return table(order, columns, currency=results.settings.reporting_currency, note=said, most=15)


def _noted(text: Any) -> str:
    return f": {text}" if not formats.missing(text) and str(text) else ""


def changed(results: Any, review: str) -> list[Html]:
    """Signals (something changed) and thresholds crossed (the level is another), told apart, each by name."""
    news = narrative.changed(results, review)
    tracked = int(((results.kpis.review == review) & (results.kpis.grain != "sku") & results.kpis.value.notna()).sum())
    parts = []
    for kind, heading, quiet in (
        (
            "signal",
            "Changed against their own history",
            f"No signal in {tracked} figures: every change is within what weeks differ by anyway.",
        ),
        ("threshold", "Crossed a target's line since last week", "No figure crossed a line of its target."),
    ):
        own = news[news.kind == kind]
        if own.empty:
            parts.append(sentences([("", quiet)], heading))
            continue
        lines = [(WAYS.get(row.meaning, ""), row.text) for row in own.head(10).itertuples()]
        if len(own) > 10:
            lines.append(("", f"{len(own) - 10} more, all in kpis.csv."))
        chance = f" ({len(own)} of {tracked} figures)" if kind == "signal" else ""
        parts.append(sentences(lines, f"{heading}{chance}"))
    return parts


def findings(results: Any, review: str) -> Html:
    """The review's findings by money: what, how much a week and how that was reckoned, who, by when, what to do."""
    found, currency = narrative.worth_deciding(results, review), results.settings.reporting_currency
    if found.empty:
        return nothing("", "No finding this week: nothing is beyond its threshold")
    shown = found.assign(
        about=[_about(row) for row in found.itertuples()],
        level=found.severity,
        who=found.owner.where(found.owner.fillna("") != "", "nobody yet"),
        escalation=[
            f"then {row.escalate_to}" if row.escalate_to and not formats.missing(row.escalate_to) else "" for row in found.itertuples()
        ],
        what=found.suggested_decision.fillna("").map(_suggestion),
    )
    columns = [
        "title | Finding | small=about", "level | Severity | pill", "impact | A week | money | help=what it costs a week | bar",
        "who | Owner | small=escalation", "due_at | Due | day", "what | Suggested",
    ]  # fmt: skip
    top, rest = shown.head(FIRST), shown.iloc[FIRST:]
    html = environment().get_template("findings.j2").render(
        top=table(top, columns, currency=currency).html, rest=table(rest, columns, currency=currency).html if len(rest) else "",
        summary=f"{formats.count(len(rest), 'smaller finding')}, {formats.money(rest.impact.sum(), currency)} a week together",
    )  # fmt: skip
    return Html(html, f"{formats.count(len(found), 'finding')}, {formats.money(found.impact.sum(), currency)} a week together")


def _about(row: Any) -> str:
    since = f"since {row.first_seen}" if row.first_seen and row.first_seen != row.week else ""
    parts = [checks()[row.check].title if row.check in checks() else formats.words(row.check), str(row.state), since, row.impact_basis]
    return " · ".join(str(part) for part in parts if part and not formats.missing(part))


def _suggestion(text: str) -> str:
    word, _, rest = text.partition(" ")
    return f"{formats.words(word)} {rest}".strip()


def strip(results: Any, review: str) -> Html:
    """The review's main figures as cards: value, target and status, change on last week, signal."""
    rows = narrative.whole(results, review).set_index("kpi", drop=False)
    cards = [_card(rows.loc[name], results) for name in STRIP[review] if name in rows.index]
    if review == "monday":
        tiers = results.kpis[(results.kpis.kpi == "days_of_supply") & (results.kpis.grain == "tier")].sort_values("key")
        cards += [_card(row, results, f"Days of supply, tier {row.key}") for _, row in tiers[tiers.key.isin(["A", "B", "C"])].iterrows()]
    html = environment().get_template("kpis.j2").render(cards=cards)
    said = [c["label"] + " " + c["value"] + (f" ({c['status']})" if c["status"] else "") for c in cards]
    return Html(html, "; ".join(said))


def _card(row: pd.Series, results: Any, label: str = "") -> dict[str, str]:
    fact, currency = kpis()[row.kpi], results.settings.reporting_currency
    gone = formats.missing(row.value)
    target = narrative.target_words(row.kpi, row.key, results.settings)
    news = narrative.meaning(row.signal, fact.better)
    delta = "" if gone or formats.missing(row.previous) else formats.difference(row.value, row.previous, row.unit, currency)
    return {
        "label": label or fact.label, "question": fact.question, "value": formats.quantity(row.value, row.unit, currency),
        "status": "" if row.status in ("none", "n/a") else row.status, "cls": PILLS.get(row.status, ""),
        "target": narrative.why_missing(results, row.kpi) if gone else f"target {target}" if target else "no target set",
        "delta": delta, "way": _way(row, fact.better, target), "signal": "" if news == "in its usual range" else news, "news": WAYS.get(news, ""),
    }  # fmt: skip


def _way(row: pd.Series, better: str, target: str) -> str:
    """Whether the change on last week is for the better; plain where it has no direction or is none."""
    if formats.missing(row.value) or formats.missing(row.previous) or row.value == row.previous or better == "band":
        return ""
    now, then = (abs(row.value), abs(row.previous)) if better == "zero" else (row.value, row.previous)
    return "good" if (now > then) == (better == "up") else "bad"


def scorecard(results: Any, review: str) -> Html:
    """Every figure of the review for the whole store: value, target, status, signal, last week, baseline, n, benchmark with its grade."""
    rows, currency = narrative.whole(results, review), results.settings.reporting_currency
    tiers = results.kpis[(results.kpis.review == review) & (results.kpis.kpi == "days_of_supply") & (results.kpis.grain == "tier")]
    rows = pd.concat([rows, tiers[tiers.key.isin(["A", "B", "C"])]]) if len(tiers) else rows
    shown = pd.DataFrame([_scored(row, results, currency) for row in rows.itertuples()])
    columns = [
        "label | Figure | small=formula", "value | Value | said", "status | Status | pill | help=against the target", "target | Target | plain",
        "signal | Signal | plain | help=against its own history", "previous | Last week | said", "baseline | Usually | said | help=median of up to 13 weeks before",
        "n | n | number | help=what the figure is divided by", "benchmark | Others reach | plain | small=source",
    ]  # fmt: skip
    return table(shown, columns, "All figures of this review", note="A benchmark is shown beside a figure and never colors it. Grades: A primary source, B secondary, C vendor, D our own.")  # fmt: skip


def _scored(row: Any, results: Any, currency: str) -> dict[str, Any]:
    fact = kpis()[row.kpi]
    gone = formats.missing(row.value)
    mark = fact.benchmark
    return {
        "label": narrative.subject(row), "formula": narrative.why_missing(results, row.kpi) if gone else fact.formula,
        "value": formats.quantity(row.value, row.unit, currency), "status": "n/a" if gone else "" if row.status == "none" else row.status,
        "target": narrative.target_words(row.kpi, row.key, results.settings) or "none", "signal": _short_signal(row.signal),
        "previous": formats.quantity(row.previous, row.unit, currency), "baseline": formats.quantity(row.baseline, row.unit, currency),
        "n": row.denominator, "benchmark": mark.text if mark else "",
        "source": f"{mark.source}{', ' if mark.source else ''}{mark.year} · grade {mark.grade}" if mark else "",
    }  # fmt: skip


def _short_signal(signal: Any) -> str:
    way, _, rule = str(signal).partition(":")
    if way in ("up", "down"):
        return f"{'▲' if way == 'up' else '▼'} {rule}"
    return {"none": "none", "short": "too short"}.get(way, "")
