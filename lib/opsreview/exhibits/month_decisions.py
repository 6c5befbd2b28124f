"""The month's decisions: who owns what until when, what is done, and what was recovered."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats
from opsreview.exhibits import Part, listed
from opsreview.tables import Html, nothing

QUIET = "no decision of the month is on record, and none is open"
GROUPS = {True: "Done", False: "Not done"}


def recovered(results: Any) -> list[Part]:
    """What decisions recovered, kind by kind and one by one: the impact a week of what was decided about, then and now."""
    rows, currency = results.month.recovered(), results.settings.reporting_currency
    if rows.empty:
        return [nothing("What decisions recovered", QUIET)]
    if rows.recovered.isna().all():  # nothing to credit: the decisions one by one say all there is
        return [_each(results)]
    said = rows.assign(said=rows.decision.map(formats.words))
    columns = """
    said | Decision
    taken | Taken | number
    done | Done | number
    early | Too early | number
    then | Cost a week then | money?
    now | And now | money?
    recovered | Recovered a week | money? | small=per
    """
    about = (
        "What the findings cost when it was decided, and in the last week of the month, of what was decided four weeks ago or longer, as "
        "impacts are measured over four weeks: what went away by itself is in it too."
    )
    chart = charts.recovered(said[said.recovered.notna() & (said.per == "")], recovered_title(rows, currency), "", currency)
    return [chart, listed(results, said, columns, "What decisions recovered, by kind", [], note=about), _each(results)]


def _each(results: Any) -> Html:
    """Decision by decision, done and not done apart, with the sums of each and of all."""
    rows = results.month.decided()
    due = ["–" if formats.missing(day) else formats.day(day) for day in rows.due_on]
    rows = rows.assign(what=rows.title.where(rows.title.fillna("") != "", rows.finding_id), due=due, whole=False)
    rows["said"] = [", ".join(text for text in both if text) for both in zip(rows.per, rows.why, strict=True)]
    groups = {name: rows[rows.done == done] for done, name in GROUPS.items() if (rows.done == done).any()}
    parts = [part for name, own in groups.items() for part in (own, _sum(own, name))]
    shown = pd.concat([*parts, _sum(rows, "All")] if len(groups) > 1 else parts, ignore_index=True)
    columns = """
    what | Finding
    decision | Decision | words
    owner | Owner | plain
    due | Due | plain
    state | State | pill
    then | Cost a week then | money?
    now | And now | money?
    recovered | Recovered a week | money? | small=said
    """
    about = (
        "Taken in the month, four weeks old within it, or still open. Too early: decided less than four weeks before the month's end. "
        "Sums are a week, of what has a figure for what was recovered; what costs once is in none."
    )
    return listed(results, shown, columns, decided_title(rows), [], QUIET, strong="whole", note=about, first=len(shown))


def _sum(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """A total row: then, now and recovered, a week, of what has all three."""
    money = rows.loc[rows.recovered.notna() & (rows.per == ""), ["then", "now", "recovered"]].sum(min_count=1)
    text = dict.fromkeys(("decision", "owner", "due", "state", "per", "said"), "")
    return money.to_frame().T.assign(what=f"{name}: {formats.count(len(rows), 'decision')}", whole=True, **text)


def decided_title(rows: pd.DataFrame) -> str:
    """How many decisions are done, committed and overdue, whether it is too early to credit any, and who owns what is not done."""
    states = [f"{formats.number(n)} {state}" for state in ("done", "committed", "overdue") if (n := (rows.state == state).sum())]
    text = f"{formats.count(len(rows), 'decision')}: {formats.listing(states)}"
    if rows.recovered.isna().all():
        text += f"; {'too early to say' if (rows.why == 'too early').any() else 'nobody can say'} what was recovered"
    owners = rows[~rows.done].owner.replace("", None).fillna("nobody").value_counts()
    return f"{text}; not done: {formats.listing([f'{name} ({n})' for name, n in owners.items()], 4)}" if len(owners) else text


def recovered_title(rows: pd.DataFrame, currency: str) -> str:
    """What decisions cost now against when they were taken, how many are done, and which kinds improved and got worse."""
    early, done = rows.early.sum(), formats.number(rows.done.sum()) if rows.done.any() else "none"
    taken = f"{formats.count(rows.taken.sum(), 'decision')}, {done} done"
    taken += f", {formats.number(early)} too early to judge" if early else ""
    sums = rows.groupby(rows.per.replace("", "a week")).recovered.sum(min_count=1).dropna()
    moved = [f"{formats.money(abs(money), currency)} {per} {'less' if money >= 0 else 'more'}" for per, money in sums.items()]
    text = f"{taken}: what {'the others are' if early else 'they are'} about costs {formats.listing(moved)} than then"
    rows = rows[rows.per == ""]
    better, worse = rows[rows.recovered.round(2) > 0], rows[rows.recovered.round(2) < 0].iloc[::-1]
    if better.empty:
        return text if rows.recovered.isna().all() else f"{text}; no kind of them improved"
    best = f"{formats.words(better.decision.iloc[0])} improved{' most' if len(better) > 1 else ''}, by "
    text += f"; {'only ' if len(better) == 1 and len(worse) else ''}{best}{formats.money(better.recovered.iloc[0], currency)}"
    if worse.empty:
        return text
    kind, cost = formats.words(worse.decision.iloc[0]), formats.money(-worse.recovered.iloc[0], currency)
    return f"{text}; {f'worst is {kind},' if len(worse) > 1 else f'{kind} costs'} {cost} more"
