"""The decision checklist of a meeting: a plain form that works in a page from a file, in a trusted notebook, and on paper."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import catalog, counted, formats
from opsreview.decisions import DECISIONS, PROPOSAL
from opsreview.page import asset, environment
from opsreview.weeks import Week

GRAVE = ("breach", "critical")
SIGN_OFF = ("accept", "investigate", "defer")  # what signing a margin off can come to
FIRST = 6  # rows shown at once; the others that are worth a decision are folded under them
ETA_CHECKS = ("oos_risk", "inbound_eta_slip", "asn_delayed", "sku_demand_variance")  # someone commits to a day of arrival


def checklist_html(
    findings: pd.DataFrame, decisions: pd.DataFrame, week: str, review: str, currency: str, floor: float = catalog.CHECK_FLOOR,
    what: str = "finding", choices: tuple[str, ...] = DECISIONS,
) -> str:  # fmt: skip
    """The form for one review, a row a finding of it (`what` it calls them), largest impact first.

    `findings` has the columns of findings.csv (rows of other reviews are left out); `decisions` what `decisions.as_known` gives: a
    finding decided about before says so, and what was decided then is preset. Rows of severity breach or critical or with an impact of
    `floor` or more are worth a decision: the first are shown, the others of them and the rest folded away; so are proposals. `choices`:
    the decisions that can be chosen. The script keeps entries in the browser and makes the decisions file.
    """
    rows = entries(findings, decisions, review, currency, floor)
    found, proposals = ([r for r in rows if r["proposal"] == is_one] for is_one in (False, True))
    worth, rest = ([r for r in found if r["worth"] == is_one] for is_one in (True, False))
    folds = _folds(worth[FIRST:], rest, currency, what) + _proposed(proposals)
    form = environment().get_template("checklist.html.j2").render(
        first=worth[:FIRST], folds=folds, what=what, n=len(rows), week=str(week), review=review,
        priced=not rows or any(r["has_impact"] for r in rows),
        symbol=formats.symbol(currency).strip(), decisions=choices, decided=sum(r["decided"] for r in rows),
    )  # fmt: skip
    return f"{form}<script>{asset('checklist.js')}</script>"


def _folds(worth: list[dict[str, Any]], rest: list[dict[str, Any]], currency: str, what: str) -> list[dict[str, Any]]:
    """What is folded away: class, the line that stays, rows."""
    folds = []
    for name, word, rows in (("worth", "more", worth), ("rest", "smaller", rest)):
        once, grave = sum(r["counts"] for r in rows if r["per"] == counted.ONCE), sum(r["severity"] in GRAVE for r in rows)
        money = counted.sums(sum(r["counts"] for r in rows) - once, once, currency)
        line = formats.count(len(rows), f"{word} {what}")
        line += f", {money} together" if money else ""
        line += f", {grave} of them a breach" if grave else ""
        folds += [{"name": name, "line": line, "rows": rows}] if rows else []
    return folds


def _proposed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Proposals are folded by themselves and not added up: a listing that loses in a channel is part of that channel's finding."""
    return [{"name": "proposals", "line": formats.count(len(rows), "proposal"), "rows": rows}] if rows else []


def entries(findings: pd.DataFrame, decisions: pd.DataFrame, review: str, currency: str, floor: float) -> list[dict[str, Any]]:
    """A dict a finding of the review that is there this week: what a row of the checklist shows and starts with."""
    own = counted.told_apart(findings[(findings["review"] == review) & (findings["state"] != "resolved")])
    known = {d["finding_id"]: d for d in decisions.to_dict("records")} if len(decisions) else {}
    own = own.assign(once=counted.comes_once(own), counts=counted.counts(own), shared=counted.beside(own, currency))
    return [
        _entry(f, known.get(f["finding_id"]) or known.get(f.get("twin")), i, currency, floor) for i, f in enumerate(own.to_dict("records"))
    ]


def _entry(finding: dict[str, Any], before: dict[str, Any] | None, i: int, currency: str, floor: float) -> dict[str, Any]:
    amount = 0.0 if pd.isna(finding["impact"]) else float(finding["impact"])
    kept = before or {}
    open_before = before is not None and not before["done"]
    suggested = _text(finding["suggested_decision"])
    basis = "" if finding["shared"] == counted.AGAIN else _text(finding["impact_basis"])
    due = (_day(kept.get("due_on")) if open_before else "") or _day(finding["due_at"])
    return {
        "finding_id": finding["finding_id"],
        "dom": f"{finding['review']}-{i + 1}",
        "title": _text(finding["title"]),
        "severity": _text(finding["severity"]),
        "pill": {"breach": "breach", "critical": "critical", "watch": "watch"}.get(_text(finding["severity"])),
        "amount": amount,
        "counts": finding["counts"],
        "per": counted.ONCE if finding["once"] else "a week",
        "has_impact": not pd.isna(finding["impact"]),
        "impact": formats.money(finding["impact"], currency) if not pd.isna(finding["impact"]) else "–",
        "proposal": str(finding["finding_id"]).startswith(PROPOSAL),
        "worth": _text(finding["severity"]) in GRAVE or amount >= floor,
        "why": " · ".join(part for part in (basis, finding["shared"], _text(finding.get("state")), _since(finding)) if part),
        "before": _before(before),
        "suggestion": suggested.replace(first_word(suggested), formats.words(first_word(suggested)), 1),
        "decision": kept["decision"] if open_before else first_word(suggested),
        "owner": _text(kept.get("owner")) if open_before and _text(kept.get("owner")) else _text(finding["owner"]),
        "due_on": due if due >= str(Week.parse(finding["week"]).end) else "",  # what is past is for the meeting to set anew
        "wants_eta": finding["check"] in ETA_CHECKS,
        "eta_commitment": _day(kept.get("eta_commitment")) if open_before else "",
        "expected_impact": _expected(kept if open_before else {}, finding),
        "note": "",
        "done": False,
        "decided": False,
    }


def _expected(kept: dict[str, Any], finding: dict[str, Any]) -> str:
    """What was expected; of a proposal nobody decided about what it is reckoned to bring: the next weeks hold it against that."""
    reckoned = finding["impact"] if str(finding["finding_id"]).startswith(PROPOSAL) else None
    expected = kept.get("expected_impact")
    expected = reckoned if formats.missing(expected) else expected
    return "" if formats.missing(expected) else f"{round(float(expected), 2):.12g}"


def first_word(suggestion: str) -> str:
    """The decision a suggestion begins with (`expedite: 40 units …` names expedite); investigate where it names none."""
    word = suggestion.strip().split(" ")[0].rstrip(":,.;")
    return word if word in DECISIONS else "investigate"


def _before(decision: dict[str, Any] | None) -> str:
    if decision is None:
        return ""
    when = formats.day(decision["recorded_at"], year=True)
    due = _day(decision["due_on"])
    state = "done" if decision["done"] else f"due {formats.day(due)}" if due else "no due date"
    who = _text(decision["owner"]) or "nobody named"
    note = f": {_text(decision['note'])}" if _text(decision["note"]) else ""
    return f"Decided {when} by {decision['recorded_by']}: {formats.words(decision['decision'])}, {who}, {state}{note}"


def _since(finding: dict[str, Any]) -> str:
    first, week = _text(finding.get("first_seen")), _text(finding.get("week"))
    return f"since {first}" if first and first != week else ""


def _text(value: Any) -> str:
    return "" if formats.missing(value) else str(value)


def _day(value: Any) -> str:
    """`2026-11-20` from a date, a timestamp or text; empty where there is none."""
    return "" if formats.missing(value) else str(value)[:10]
