"""What the meetings before the last week decided about what was planted, and who signed the largest SKUs off: decisions to look back on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from opsreview import catalog
from opsreview.audit import PREFIX
from opsreview.decisions import written
from opsreview.evidence.audit import MASTER, fingerprint
from opsreview.findings import finding_id
from opsreview.sample.world import World

DAY = {"monday": 0, "wednesday": 2, "friday": 4}  # the meeting of a week is held in the week after it
HOLDS = {"monday": "Head of Planning", "wednesday": "Head of Fulfillment", "friday": "Finance Partner"}
AT = time(10, 30)
# Weeks before the last, check, entity, decision, days until it is due, money a week it should bring, done, note.
DECIDED = (
    (3, "channel_margin", "social", "adjust_channel", 10, 600, False, "ask for the old commission, else close the listings that lose"),
    (3, "false_confidence", "GAR-019", "reprice", 7, 240, True, "price to its floor; check what carriage takes of it"),
    (3, "excess_stock", "CAN-018", "markdown", 28, 10, False, "with the winter range, not before"),
    (2, "sku_demand_variance", "STA-015", "investigate", 4, None, False, "who plans it, and from what"),
    (2, "erp_wms_mismatch", "APP-013@south", "investigate", 3, None, False, "count it, find the receipt"),
    (2, "returns_hotspot", "APP-012/too_small", "fix_content", 10, 100, True, "size table redone"),
    (1, "asn_delayed", "PO-DOCK/1", "expedite", 1, None, True, "put away first thing"),
    (1, "carrier_mix", "zone 2, up to 2 kg, two days", "change_carrier", 4, 110, False, "back to standard from Monday"),
    (1, "promotion_at_risk", "PR-FLASH/APP-011", "pause_promotion", 3, 900, False, "for its second week"),
)
SIGNED = ((2, 0, 16), (1, 16, 28))  # weeks before the last, and which SKUs by size were signed off then


def hold(out: Path, world: World, planted: list[dict]) -> None:
    """Writes a decisions file a meeting into `decisions/` under `out`. A store without what was decided about has none of it."""
    there = {p["entity"] for p in planted} | {"PO-DOCK/1"}
    checks = catalog.checks()
    for ago in (3, 2, 1):
        about = [d for d in DECIDED if d[0] == ago and d[2] in there]
        for review in catalog.REVIEWS:
            items = [_item(world, d) for d in about if checks[d[1]].review == review]
            items += _signed(world, ago) if review == "friday" else []
            if items:
                _write(out / "decisions", world, ago, review, items)


def _held_on(world: World, ago: int, review: str) -> datetime:
    return datetime.combine((world.last - ago + 1).monday + timedelta(days=DAY[review]), AT, UTC)


def _item(world: World, decided: tuple) -> dict:
    ago, check, entity, decision, days, money, done, note = decided
    fact = catalog.checks()[check]
    due = _held_on(world, ago, fact.review).date() + timedelta(days=days)
    return {
        "finding_id": finding_id(check, entity), "decision": decision, "owner": fact.owner, "due_on": due, "expected_impact": money,
        "note": note, "done": done,
    }  # fmt: skip


def _signed(world: World, ago: int) -> Iterator[dict]:
    """The largest SKUs whose data is whole."""
    whole = world.products.iloc[world.by_rank].dropna(subset=list(MASTER)).to_dict("records")
    for _, first, last in (s for s in SIGNED if s[0] == ago):
        for row in whole[first:last]:
            about = f"{PREFIX}{row['sku']}/{fingerprint(row)}"
            yield {"finding_id": about, "decision": "accept", "owner": "", "note": "cost, weight and size as invoiced", "done": True}


def _write(folder: Path, world: World, ago: int, review: str, items: list[dict]) -> None:
    stem, text = written(world.last - ago, review, items, HOLDS[review], _held_on(world, ago, review))
    folder.mkdir(exist_ok=True)
    (folder / f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:6]}.json").write_text(text, encoding="utf-8")
