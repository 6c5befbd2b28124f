"""Parts of a leak that are above their usual range while no finding is about them: their dearest rows, with an owner and an action."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import catalog, formats, statistics
from opsreview.exhibits import listed
from opsreview.exhibits.leak_findings import FOUR, Explained, ledger_rows
from opsreview.tables import Html
from opsreview.titles import LEAKS

MOST = 3  # rows of a part
WORTH = 0.1  # of a part in no finding, from which on a row is worth a line; else the part is said to be spread
# Whose leak a part is, where no check explains it: the owner of that check answers for it.
ANSWERS = {"expedite": "inbound_eta_slip", "transfer_freight": "excess_stock", "returns_support": "returns_hotspot"}


def unpriced(results: Any) -> Html:
    """The dearest rows that no finding is about, of each part of leaks 1 to 4 that signals this week."""
    found = results.findings[results.findings.state != "resolved"]
    explained = Explained(results.leaks, found, ledger_rows(results))
    rest = explained.rows[~explained.rows.whole & (explained.rows.part != "")]
    floor, up = float(results.settings.checks["floor"]), signalling(results.leak_history, str(results.week))
    whole = results.leaks[results.leaks.part != "total"].set_index("part")
    rest = rest.assign(above=rest.part.map(whole.amount - whole.usual.fillna(0.0)), usual=rest.part.map(whole.usual))
    rest = rest[rest.part.isin(up) & (rest.amount >= floor) & (rest.above >= floor)].sort_values("above", ascending=False)
    left, lines, currency = explained.left, results.evidence("paid_lines"), results.settings.reporting_currency
    rows = [row for part in rest.itertuples() for row in _rows(part, left[left.part == part.part], lines, currency)]
    shown = pd.DataFrame(rows, columns=["leak", "part", "what", "why", "amount", "decision"])
    by = rest.set_index("part")
    shown = shown.assign(
        named=shown.leak.map(LEAKS) + ": " + shown.part.map(formats.words), owner=[_owner(part, results.settings) for part in shown.part],
        usual=shown.part.map(by.usual), above=shown.part.map(by.above),
    )  # fmt: skip
    columns = """
    named | Leak
    above | Part, above usual | money
    usual | Part, usually | money?
    what | What was paid or lost | text | small=why
    amount | Of it | cents
    owner | Owner
    decision | Suggested | words
    """
    note = (
        f"Parts above their usual range, by {formats.money(floor, currency)} or more and with as much in no finding: of each up to {MOST} "
        "rows that make a tenth of it or more."
    )
    quiet = "no part of a leak is above its usual range without a finding"
    return listed(results, shown, columns, title(rest, currency), [], quiet, note=note)


def signalling(history: pd.DataFrame, week: str) -> list[str]:
    """The parts of leaks 1 to 4 whose basis points signal upwards in the week."""
    out = []
    for part, own in history[history.leak.isin(list(FOUR)) & ~history.part.isin(["total", "actionable"])].groupby("part"):
        own = own.dropna(subset=["basis_points"]).sort_values("week")
        if len(own) and own.week.iloc[-1] == week and statistics.xmr_signal(own.basis_points.tolist(), floor=0.0).startswith("up"):
            out.append(str(part))
    return out


def title(rest: pd.DataFrame, currency: str) -> str:
    """`Leaks above their usual range that no finding is about: transfer freight, £386 above its usual level, and expedite, £240`."""
    if rest.empty:
        return "Leaks without a finding"
    said = [f"{formats.words(row.part)} {formats.money(row.above, currency)}" for row in rest.itertuples()]
    return f"Leaks above their usual range that no finding is about: {formats.listing(said, len(FOUR))} above usual"


def _rows(part: Any, left: pd.DataFrame, lines: pd.DataFrame, currency: str) -> list[tuple[Any, ...]]:
    """The dearest rows of a part: leak, part, what it is, why it is odd, money, the decision suggested."""
    left, lines = left[left.amount > 0], lines[lines.part == part.part].set_index("keys")
    most = left[left.amount >= WORTH * part.amount].nlargest(MOST, "amount")
    if most.empty:
        first = left.nlargest(1, "amount")["keys"].str.partition("; ")[0].tolist()
        dearest = f"the dearest {formats.words(first[0])}" if first and first[0] else ""
        return [(part.leak, part.part, f"spread over {formats.count(len(left), 'row')}", dearest, part.amount, "investigate")]
    out = []
    for row in most.itertuples():
        name = row.keys.partition("; ")[0]
        what, why, decision = row.keys.replace("; ", ", ") or "not by line", "", "investigate"
        if name in lines.index:
            line = lines.loc[[name]].iloc[0]
            what, why, decision = _transfer(name, line, currency) if part.part == "transfer_freight" else _expedite(name, line, currency)
        out.append((part.leak, part.part, what, why, row.amount, decision))
    return out


def _transfer(name: str, line: pd.Series, currency: str) -> tuple[str, str, str]:
    """A move of stock: odd where the SKU went the other way too, or where its units earn less than its freight."""
    units = formats.count(line.quantity_ordered, "unit")
    what = f"{name}: {units} of {line['name']} ({line.sku}), {line.source_location} to {line.location}"
    odd = [f"{formats.count(line.back, 'unit')} of the SKU went the other way in the week"] if line.back > 0 else []
    odd += [f"its units earn {formats.money(line.margin, currency, 2)}, less than their freight"] if line.margin < line.amount else []
    return what, "; ".join(odd), "investigate" if odd else "accept"


def _expedite(name: str, line: pd.Series, _currency: str) -> tuple[str, str, str]:
    """Haste that was paid for: odd where the goods come after their first date all the same."""
    what = f"{name}: {formats.count(line.quantity_ordered, 'unit')} of {line['name']} ({line.sku}) for {line.location}, expedited"
    came = line.arrived_at if not formats.missing(line.arrived_at) else line.eta
    late = (pd.Timestamp(came).normalize() - pd.Timestamp(line.original_eta)).days if not formats.missing(line.original_eta) else 0
    if formats.missing(came) or late <= 0:
        return what, "", "accept"
    way = "came" if not formats.missing(line.arrived_at) else "still comes"
    first = formats.day(pd.Timestamp(line.original_eta))
    return what, f"{way} {formats.count(late, 'day')} after its first date, {first}", "dispute_charge"


def _owner(part: str, settings: Any) -> str:
    """Who answers for a part: the owner of the check that explains it."""
    explaining = (name for name, check in catalog.checks().items() if part in {what.partition(".")[0] for what in check.explains})
    return settings.owners[ANSWERS.get(part) or next(explaining)].owner
