"""What the checks found, with identity, owner, deadline, escalation and state from week to week.

A finding is known by its check and entity. What became of it follows from the weeks before, each found again on what it knew then,
and from the decisions recorded: there is no other memory.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from opsreview import catalog
from opsreview.checks import COLUMNS as FOUND
from opsreview.checks import Context, load
from opsreview.decisions import as_known
from opsreview.formats import money
from opsreview.gaps import why_unanswered
from opsreview.settings import Settings
from opsreview.weeks import Week

COLUMNS = [
    "finding_id", "week", "review", "leak", "check", "entity_type", "entity", "title", "observed", "expected", "threshold", "severity",
    "impact", "impact_basis", "owner", "due_at", "escalate_to", "escalate_at", "suggested_decision", "state", "first_seen", "members",
    "evidence",
]  # fmt: skip
CARRIED = ["unknown", "was", "was_in"]  # of a finding that nobody could look for again this week
# Not in findings.csv: what a sum of findings needs beside them (`counted`), and the finding whose decisions are this one's too.
INNER = ["period", "overlaps", "twin"]
TWINS = {"negative_margin": "false_confidence", "false_confidence": "negative_margin"}  # a loss that looks healthy is decided once
NUMBERS = ["observed", "expected", "threshold", "impact"]
LOOK_BACK = 13  # weeks over which a finding is remembered
NO_OWNER = "(no owner)"
NO_COMMITMENT = ("accept", "defer")  # decisions that promise no work


def finding_id(check: str, entity: str) -> str:
    """The same for the same check on the same entity, whatever the week."""
    return hashlib.sha256(f"{check}|{entity}".encode()).hexdigest()[:16]


def found_this_week(ctx: Context) -> pd.DataFrame:
    """What every check finds: `check` and the columns of a check's answer, by check and entity; numbers are floats, the rest text."""
    parts = [function(ctx).assign(check=name) for name, function in load().items()]
    parts = [part for part in parts if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=FOUND)
    frame = frame.reindex(columns=["check", *FOUND])
    kinds = {name: c.entity_type for name, c in catalog.checks().items()}
    words = [c for c in frame.columns if c not in NUMBERS]
    frame[words] = frame[words].astype(object)  # a column that no check fills is one of numbers to pandas
    frame["entity_type"] = frame["entity_type"].fillna(frame["check"].map(kinds))
    frame["period"] = frame["period"].fillna("week")
    frame["leak"] = frame["leak"].fillna(frame["check"].map({name: c.leak for name, c in catalog.checks().items()}))
    frame["members"] = frame["members"].fillna(frame["entity"])
    frame[NUMBERS] = frame[NUMBERS].astype(float)
    frame[words] = frame[words].where(frame[words].notna(), "").astype(str)
    # Should a check name an entity twice, the dearer stands: an identity is one row.
    frame = frame.sort_values(["check", "entity", "impact"], ascending=[True, True, False], kind="stable")
    return frame.drop_duplicates(["check", "entity"], ignore_index=True)


def carried(raw_by_week: dict[str, pd.DataFrame], unanswered: dict[str, dict[str, str]]) -> dict[str, pd.DataFrame]:
    """The weeks with the findings of the week before that nobody could look for again: no money, `unknown` says why.

    `unanswered`: `gaps.unanswered` of each week. A finding is gone where its check looked and did not find it, never for want of a table.
    `was`: what it cost when last found, in week `was_in`.
    """
    out: dict[str, pd.DataFrame] = {}
    before = pd.DataFrame()
    for week, frame in sorted(raw_by_week.items()):
        if "impact" not in frame:
            out[week] = frame
            continue
        frame = frame.assign(unknown="", was=frame["impact"], was_in=week)
        if (unknown := unanswered.get(week)) and len(before):
            lost = before[~_pairs(before).isin(_pairs(frame))]
            why = [why_unanswered(unknown, r.check, r.entity_type) for r in lost.itertuples()]
            lost = lost.assign(unknown=pd.Series(why, lost.index, dtype=object), impact=np.nan, observed=np.nan, expected=np.nan)
            lost = lost[lost["unknown"] != ""]
            frame = pd.concat([frame, lost], ignore_index=True) if len(lost) else frame
        out[week] = before = frame
    return out


def identified(raw_by_week: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The weeks that were run, each finding with its `finding_id`."""
    return {w: f.assign(finding_id=_ids(f)) for w, f in raw_by_week.items() if "impact" in f}


def judge(week: Week, raw_by_week: dict[str, pd.DataFrame], decisions: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """findings.csv of a week: `COLUMNS`, largest impact first; and `INNER`.

    `raw_by_week`: what `found_this_week` gave for this week and up to 13 before it; a week that could not be run has a frame without
    impact and is passed over. `decisions`: every one recorded; those after the end of the next week are not known yet.
    State: `new`; `open`; `committed`: somebody promised to act and still has time; `overdue`: that day has passed, or its deadline has
    and nobody decided; `recurring`: back after a week without it; `resolved`: found a week ago and not now (no impact, severity info).
    `first_seen`: the week from which on it has been found without a break.
    """
    history = _history(week, raw_by_week)
    rows = _now_and_gone(week, history)
    about = {name: (c.review, c.leak) for name, c in catalog.checks().items()}
    rows["finding_id"] = _ids(rows)
    rows["twin"] = [finding_id(TWINS[c], e) if c in TWINS else "" for c, e in zip(rows["check"], rows["entity"], strict=True)]
    rows["week"] = str(week)
    rows["review"] = rows["check"].map(lambda c: about[c][0])
    rows["leak"] = rows["leak"].astype(object).fillna(rows["check"].map(lambda c: about[c][1]))
    rows["impact_basis"] = rows["basis"].mask(rows["unknown"] != "", _not_known(rows, settings.reporting_currency))
    rows["suggested_decision"] = rows["decision"].where(rows["detail"] == "", rows["decision"] + ": " + rows["detail"])
    rows = _owned(rows, settings)
    rows["state"] = _state(rows, as_known(decisions, week, settings.timezone), week, settings)
    rows["due_at"], rows["escalate_at"] = _iso(rows["due"]), _iso(rows["escalate"])
    rows = rows.sort_values(["impact", "check", "entity"], ascending=[False, True, True], na_position="last", kind="stable")
    return rows[[*COLUMNS, *INNER]].reset_index(drop=True)


def _not_known(rows: pd.DataFrame, currency: str) -> pd.Series:
    """`not known: returns did not come in 2026-W46; in 2026-W45 it cost £159 a week`."""
    then = [
        "" if pd.isna(r.was) else f"; in {r.was_in} it cost {money(r.was, currency)} {'once' if r.period == 'once' else 'a week'}"
        for r in rows[["was", "was_in", "period"]].itertuples()
    ]
    return "not known: " + rows["unknown"].astype(str) + pd.Series(then, rows.index, dtype=object)


def _ids(rows: pd.DataFrame) -> pd.Series:
    ids = [finding_id(c, e) for c, e in zip(rows["check"], rows["entity"], strict=True)]
    return pd.Series(ids, index=rows.index, dtype=object)  # text also where there is none, or it joins with nothing


def _history(week: Week, raw_by_week: dict[str, pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    """The weeks that were run, oldest first, this one last."""
    known = [str(week - n) for n in range(LOOK_BACK, -1, -1)]
    return [(w, raw_by_week[w]) for w in known if w in raw_by_week and ("impact" in raw_by_week[w] or w == str(week))]


def _now_and_gone(week: Week, history: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """This week's rows and those of the week before that are gone: with `first_seen`, `gone`, and `before` (there was a break)."""
    (_, now), earlier = history[-1], history[:-1]
    now = now.reindex(columns=["check", *FOUND, *CARRIED]).assign(gone=False)
    gone = now.iloc[:0]
    if earlier:
        last = earlier[-1][1]
        gone = last[~_pairs(last).isin(_pairs(now))].assign(
            gone=True, unknown="", was=np.nan, was_in="", impact=np.nan, severity="info", decision="accept", detail="no longer found"
        )
    rows = pd.concat([part for part in (now, gone) if len(part)] or [now], ignore_index=True)
    rows[NUMBERS] = rows[NUMBERS].astype(float)
    rows["unknown"] = rows["unknown"].astype(object).where(rows["unknown"].notna(), "")
    running = pd.Series(True, rows.index)
    rows["first_seen"], rows["before"] = str(week), False
    pairs = _pairs(rows)
    # From the newest week back: as long as it was found the run began earlier; found again behind a gap: it is back.
    for name, frame in reversed(earlier):
        there = pairs.isin(_pairs(frame))
        running &= there
        rows.loc[running, "first_seen"] = name
        rows["before"] |= there & ~running
    return rows


def _pairs(frame: pd.DataFrame) -> pd.Series:
    return frame["check"].astype(str) + "|" + frame["entity"].astype(str)


def _owned(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """With owner, deadline (from the end of the week first seen) and escalation as much later again."""
    owners = settings.owners
    rows["owner"] = [owners[c].owner.strip() or NO_OWNER for c in rows["check"]]
    rows["escalate_to"] = [owners[c].escalate_to for c in rows["check"]]
    unowned = (rows["owner"] == NO_OWNER) & rows["severity"].isin(["", "info"]) & ~rows["gone"]
    rows["severity"] = rows["severity"].mask(unowned, "watch")
    allowed = [timedelta(hours=owners[c].sla_hours) for c in rows["check"]]
    since = [Week.parse(w).as_of(settings.timezone) for w in rows["first_seen"]]
    rows["due"] = pd.Series([s + a for s, a in zip(since, allowed, strict=True)], rows.index, dtype="datetime64[us]")
    rows["escalate"] = pd.Series([s + 2 * a for s, a in zip(since, allowed, strict=True)], rows.index, dtype="datetime64[us]")
    return rows


def _state(rows: pd.DataFrame, decisions: pd.DataFrame, week: Week, settings: Settings) -> np.ndarray:
    every = decisions.set_index("finding_id")[["decision", "due_on", "done"]]
    stands = rows["finding_id"].where(rows["finding_id"].isin(every.index), rows["twin"])
    known = every.reindex(stands).set_index(rows.index)
    decided, done = known["decision"].notna(), known["done"].eq(True)
    late = pd.to_datetime(known["due_on"]) < pd.Timestamp(week.end)
    pending = decided & ~done & (known["decision"] != "accept")
    as_of: datetime = week.as_of(settings.timezone)
    fresh = rows["first_seen"] == str(week)
    return np.select(
        [
            rows["gone"],
            pending & late,
            pending & ~known["decision"].isin(NO_COMMITMENT),
            fresh & rows["before"],
            fresh,
            ~decided & (rows["due"] < pd.Timestamp(as_of)),
        ],
        ["resolved", "overdue", "committed", "recurring", "new", "overdue"],
        "open",
    )


def _iso(moments: pd.Series) -> pd.Series:
    """UTC, to the second: `2026-11-18T23:00:00Z`."""
    return moments.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
