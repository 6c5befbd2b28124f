"""Friday's proposals as rows of its checklist: what the meeting may agree to, remembered and read back like what is decided of a finding.

A proposal is a group that one decision is taken about: a promotion, a price round, a lane, a redirect, a channel. What a finding of the
week already asks for is not asked twice: a SKU or promotion with such a finding is left out of the group.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pandas as pd

from opsreview.decisions import PROPOSAL
from opsreview.formats import count, listing, number
from opsreview.settings import Settings
from opsreview.weeks import Week

NAMED = 4  # SKUs that a suggestion names; the page's table has all


def to_decide(evidence: Any, findings: pd.DataFrame, week: Week, settings: Settings) -> pd.DataFrame:
    """A row a proposal (columns of findings.csv), dearest first: `impact` money a week that it brings or stops, of a transfer once.

    `evidence` gives the frames of `opsreview.proposals` by name; `findings` is findings.csv of the week. Owner and deadline are those of
    the check that finds the like.
    """
    open_ = findings[findings["state"] != "resolved"]
    rows = [
        *_pauses(evidence("pauses"), _entities(open_, "promotion_at_risk")),
        *_reprices(evidence("reprices"), _entities(open_, "negative_margin", "false_confidence")),
        *_transfers(evidence("transfers")),
        *_listings(evidence("channel_skus")),
    ]
    frame = pd.DataFrame(rows, columns=findings.columns).assign(
        week=str(week), review="friday", leak="5", entity_type="proposal", severity="info", state="new", first_seen=str(week), members="",
        evidence="", threshold=float("nan"), overlaps="",
    )  # fmt: skip
    owners, as_of = settings.owners, week.as_of(settings.timezone)
    due = {c: as_of + timedelta(hours=owners[c].sla_hours) for c in set(frame["check"])}
    frame["owner"] = [owners[c].owner for c in frame["check"]]
    frame["due_at"] = [f"{due[c]:%Y-%m-%dT%H:%M:%SZ}" for c in frame["check"]]
    return frame.astype(findings.dtypes).sort_values(["impact", "finding_id"], ascending=[False, True], ignore_index=True)


def _entities(findings: pd.DataFrame, *checks: str) -> set[str]:
    return set(findings.loc[findings["check"].isin(checks), "entity"])


def _row(kind: str, entity: str, check: str, title: str, impact: float, basis: str, decision: str, period: str = "week") -> dict[str, Any]:
    """What is a proposal's own in its row; `check` is the one that finds the like."""
    return {"finding_id": "/".join(filter(None, [f"{PROPOSAL}{kind}", entity])), "check": check, "entity": entity or kind, "title": title,
            "impact": impact, "impact_basis": basis, "suggested_decision": decision, "period": period}  # fmt: skip


def _pauses(f: pd.DataFrame, found: set[str]) -> Iterator[dict[str, Any]]:
    f = f[f["advice"].astype(str).str.startswith("pause") & ~(f["promo_id"] + "/" + f["sku"]).isin(found)]
    for promo, g in f.groupby("promo_id"):
        title = f"{promo} on {count(g['sku'].nunique(), 'SKU')} loses on a unit or runs dry"
        decision, gain = f"pause_promotion: {promo} for {_skus(g)}", g["gain"].clip(lower=0).sum()
        yield _row("pause", promo, "promotion_at_risk", title, gain, "what pausing brings a week", decision)


def _reprices(f: pd.DataFrame, found: set[str]) -> Iterator[dict[str, Any]]:
    f = f[(f["advice"] == "raise") & f["goal"].notna() & ~f["sku"].isin(found)]
    if len(f):
        title = f"{count(len(f), 'SKU')} below the target for contribution margin, no finding of {'its' if len(f) == 1 else 'their'} own"
        decision, loss = f"reprice: to the price that earns: {_skus(f)}", f["loss"].clip(lower=0).sum()
        yield _row("reprice", "", "negative_margin", title, loss, "what they lose a week", decision)


def _transfers(f: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A lane of stock, and what is on order for one place and should go to another: a redirect is no transfer, nobody loads it twice."""
    for (source, target, kind), g in f.groupby(["location_from", "location_to", "kind"]):
        coming = kind == "inbound"
        title = f"{count(g['units'].sum(), 'unit')} of {count(g['sku'].nunique(), 'SKU')} would sell in {target} and "
        title += f"{'are on order for' if coming else 'lie in'} {source}: {number(g['avoided'].sum(), 1)} units of stock-outs avoided"
        decision = f"transfer: {source} to {target}: {_skus(g)}"
        if coming:
            decision = f"rebalance_inbound: to {target} instead of {source}: {listing([_redirect(row) for row in g.itertuples()], NAMED)}"
        net, basis = g["net"].sum(), "margin saved" if coming else "margin saved less freight"
        yield _row("inbound" if coming else "transfer", f"{source} → {target}", "oos_risk", title, net, basis, decision, "once")


def _redirect(row: Any) -> str:
    """`12 of A (PO1/2)`."""
    return f"{number(row.units)} of {row.sku} ({row.document_id}/{row.line_id})"


def _listings(f: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for channel, g in f.groupby("channel"):
        lose, earn = ("loses", "earns") if len(g) == 1 else ("lose", "earn")
        title = f"{count(len(g), 'listing')} {lose} in {channel} and {earn} elsewhere"
        decision, loss = f"adjust_channel: take {_skus(g)} out of {channel}", -g["contribution"].sum()
        yield _row("listings", channel, "channel_margin", title, loss, "what they lose there a week", decision)


def _skus(f: pd.DataFrame) -> str:
    return listing(f["sku"].drop_duplicates().tolist(), NAMED)
