"""Each leak by finding: what of this week's ledger findings are about, what no finding is about, and the dearest rows of that."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import catalog, formats
from opsreview.counted import counted
from opsreview.exhibits import Part, listed
from opsreview.narrative import lacking
from opsreview.tables import Html
from opsreview.titles import LEAKS

FOUR = "1234"  # the leaks that add up
NONE = 0.005  # money under which there is none
COLUMNS = ["leak", "part", "what", "amount", "beyond", "whole"]


def ledger_rows(results: Any) -> pd.DataFrame:
    """leak, part, keys, amount: the rows that leaks 1 to 4 are made of, creep by its causes."""
    causes = results.leak_causes[results.leak_causes.part == "creep"]
    creep = pd.DataFrame({"leak": "3", "part": "creep", "keys": "creep." + causes.cause, "amount": causes.amount})
    rows = results.evidence("leak_rows")
    both = [frame for frame in (rows[rows.leak.isin(list(FOUR))], creep) if len(frame)]
    return pd.concat(both, ignore_index=True)[["leak", "part", "keys", "amount"]] if both else creep


class Explained:
    """What findings are about of the ledger of W: `rows` as `by_finding` says, and `left`, the ledger's rows that no finding is about.

    A row of the ledger is of the dearest finding whose check explains its part and that names it (its entity or a member): the same line,
    SKU, service. Of a cause of creep a finding takes what it costs. So a finding has of the ledger what the ledger says, and `beyond`
    that what it costs in other weeks or where no leak counts it.
    """

    def __init__(self, leaks: pd.DataFrame, found: pd.DataFrame, rows: pd.DataFrame) -> None:
        self.left = rows[rows.amount.notna()].reset_index(drop=True).astype({"amount": float})
        names = self.left.assign(name=self.left["keys"].str.split("; ")).explode("name")
        self._at = {key: list(own.index) for key, own in names.groupby(["part", "name"])}
        out: list[tuple[Any, ...]] = []
        for leak in FOUR:
            own = leaks[(leaks.leak == leak) & leaks.amount.notna()].set_index("part").amount
            if "total" in own.index:
                out += self._leak(leak, own, counted(found[found.leak.astype(str) == leak]))
        self.rows = pd.DataFrame(out, columns=COLUMNS).astype({"amount": float, "beyond": float, "whole": bool})

    def _leak(self, leak: str, parts: pd.Series, found: pd.DataFrame) -> list[tuple[Any, ...]]:
        """The findings by what they are about of the ledger, those that are about nothing of it as one, a remainder a part, the leak."""
        taken, said = dict.fromkeys(parts.index, 0.0), []
        for row in found.sort_values("impact", ascending=False, kind="stable").itertuples():
            inside = 0.0
            for part, amount in self._take(row, set(parts.index)):
                inside, taken[part] = inside + amount, taken.get(part, 0.0) + amount
            said.append((leak, "", row.title, inside, max(0.0, round(float(row.impact) - inside, 2)), False))
        about = sorted((row for row in said if row[3] > NONE), key=lambda row: -row[3])
        others = [row for row in said if row[3] <= NONE]
        if others:
            many = f"{len(others)} findings with nothing in this week's ledger, first: "
            title, inside, beyond = others[0][2], sum(row[3] for row in others), sum(row[4] for row in others)
            about.append((leak, "", (many if len(others) > 1 else "") + title, inside, beyond, False))
        own = parts.drop(["total", "actionable"], errors="ignore")
        rest = [(leak, part, "", float(amount) - taken[part], 0.0, False) for part, amount in own.items()]
        rest.sort(key=lambda row: -row[3])
        total = (leak, "", "", float(parts["total"]), sum(row[4] for row in said), True)
        return [*about, *(row for row in rest if abs(row[3]) >= NONE), total]

    def _take(self, row: Any, parts: set[str]) -> list[tuple[str, float]]:
        """Of each part, the money of the ledger's rows that a finding is about and no dearer one was."""
        out, budget = [], float(row.impact)
        names = [row.entity, *str(row.members).split("; ")]
        names += [row.entity.rpartition("@")[0]] if catalog.checks()[row.check].entity_type == "sku@location" else []
        for explained in catalog.checks()[row.check].explains:
            part, cause, _ = explained.partition(".")
            if part not in parts:
                continue  # the finding stands in another leak than its check usually does
            at = self._at.get((part, explained), []) if cause else [i for name in names for i in self._at.get((part, name), [])]
            at = list(dict.fromkeys(at))  # a row that goes by two of the names is one
            amount = float(self.left.loc[at, "amount"].sum())
            if cause:  # of a cause a finding is a part, of a row it is the whole
                amount = min(max(amount, 0.0), budget)
                self.left.loc[at, "amount"] -= amount / max(len(at), 1)
            else:
                self.left.loc[at, "amount"] = 0.0
            budget -= amount if cause else 0.0
            out.append((part, amount))
        return out


def by_finding(leaks: pd.DataFrame, found: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS: a row a finding, a part that is in no finding, and the leak; `amount` of the first two adds up to the last.

    `amount` is money of this week's ledger, `beyond` what the findings cost besides: in weeks to come, in older ones, or in no leak.
    """
    return Explained(leaks, found, rows).rows


def with_findings(results: Any) -> Html:
    """The leaks finding by finding."""
    found = results.findings[results.findings.state != "resolved"]
    rows = by_finding(results.leaks, found, ledger_rows(results))
    named = rows.what.where(rows.what != "", "in no finding: " + rows.part.map(formats.words))
    about = (
        rows[~rows.whole & (rows.what != "") & (rows.amount > NONE)].groupby("leak").agg(money=("amount", "sum"), first=("what", "first"))
    )
    money = results.settings.reporting_currency
    said = {leak: f"{formats.money(row.money, money)} of it in findings, first: {row['first']}" for leak, row in about.iterrows()}
    top = rows.leak.map(said).fillna("no finding is about it")
    totals = results.leaks[results.leaks.part == "total"].set_index("leak").without
    whole = "the leak in the week" + rows.leak.map(totals.map(lacking))
    shown = rows.assign(
        named=rows.leak.map(LEAKS), what=named.mask(rows.whole, whole), top=top.where(rows.whole, ""),
        beyond=rows.beyond.where(rows.beyond >= NONE),
    )  # fmt: skip
    columns = """
    named | Leak
    what | Finding | text | small=top
    amount | In this week's ledger | cents
    beyond | Beyond it | cents?
    """
    note = (
        "The rows of a leak add up to it. A finding has of this week's ledger what the rows say that it is about: the same line, SKU, "
        "service or location. Beyond it: what the finding costs in other weeks or once, or where no leak counts it; in no sum."
    )
    return listed(results, shown, columns, title(rows, results.settings.reporting_currency), ["orders"], strong="whole", note=note)


def title(rows: pd.DataFrame, currency: str) -> str:
    """How much of leaks 1 to 4 findings are about, and the largest part that none is about."""
    whole, rest = rows[rows.whole].amount.sum(), rows[~rows.whole & (rows.part != "")]
    if rows.empty or not whole > 0:
        return "The leaks, finding by finding"
    about, most = formats.money(whole - rest.amount.sum(), currency), rest.nlargest(1, "amount")
    text = f"Findings are about {about} of the {formats.money(whole, currency)} in leaks 1 to 4"
    largest = "" if most.empty else f"{formats.words(most.part.iloc[0])}, {formats.money(most.amount.iloc[0], currency)}"
    return f"{text}; the largest part of the rest is {largest}" if largest else text


__all__ = ["Explained", "Part", "by_finding", "ledger_rows", "title", "with_findings"]
