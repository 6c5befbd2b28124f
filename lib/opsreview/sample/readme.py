"""What is in a made-up store, for those who read it and for those who test against it: README.md, plants.json and its settings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from opsreview.sample import world as w
from opsreview.sample.world import World

_README = """# A made-up shop, week by week

Written by `opsreview sample --seed {seed} --weeks {weeks} --skus {skus} --orders-per-week {orders_per_week}{without}`;
do not edit, run it again.
The same arguments give the same bytes.

A UK shop (Europe/London, GBP) from {first_week} to {last_week}: {skus} products in {families} families, the warehouses
{locations}, the channels {channels}, four delivery services of two carriers, about {orders_per_week} orders a week. One folder an ISO
week, in the form of the exports contract, every table of it. No person is in it: nobody bought any of this. `review.toml` holds its
settings, `decisions/` what the meetings of the weeks before decided.

## How it hangs together
- Customers want goods (level, trend, season, weekday, slow movers that sell in some weeks only, promotions); the shelf decides
  what they get: first come, first served at the warehouse they are served from, else at the other, else the sale is lost.
- Stock, per product, warehouse and day: on hand = on hand the day before + stocked + returns restocked (at {first_location})
  − transfers out − picked. `inventory.wms` is exact and leaves empty places out, `inventory.erp` drifts by a unit or two,
  `inventory.shop` is what the shop offers on Sundays.
- Everything appears in the week it became known and again when it changed: orders when fulfilled or cancelled, shipments when handed
  over and delivered, picks when their error came to light, returns when received and disposed of, inbound at every step, carrier
  charges one to three weeks after handover, corrections and credits a week later.
- About one order in ten is in euro. Control totals: net sales are gross sales less discounts, without shipping; refunds by event date.
- `picks` come as Parquet, `promotions` as XLSX, `inventory` in three parts, `order_lines` now and then in two, carrier scans in UTC,
  everything else in local time.

## Odd on purpose, and no leak
{oddities}

## Planted leaks
{plants}
"""


_SETTINGS = """# The settings of this made-up shop. What is not written here has the default of the definitions.
timezone = "Europe/London"
reporting_currency = "GBP"

[costs]
fixed_per_month = {fixed}      # rent, salaries, systems: what EBITDA bears and no order does

[cash]
receivable_days = 4         # until a sale is on the account
payable_days = 30           # until a purchase is paid for
"""


def write_settings(out: Path, world: World) -> None:
    """Writes review.toml beside the weekly folders: a run needs no other."""
    (out / "review.toml").write_text(_SETTINGS.format(fixed=round(4 * world.orders_per_week, -2)), encoding="utf-8")


def write_record(out: Path, world: World, record: dict) -> None:
    """Writes plants.json and README.md beside the weekly folders."""
    (out / "plants.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    skus = world.products["sku"]
    odd = {
        "without a cost": skus[world.products["unit_cost"].isna()],
        "without weight and size": skus[world.products["weight_kg"].isna()],
        "launched on the way": skus[world.launched > world.start],
        "discontinued on the way": skus[world.discontinued < world.end],
    }
    values = {k: v for k, v in record.items() if k != "plants"}
    text = _README.format(
        **values,
        weeks=(world.end - world.start) // 7,
        families=len(np.unique(world.family)),
        locations=" and ".join(w.LOCATIONS),
        first_location=w.LOCATIONS[0],
        channels=", ".join(w.CHANNELS),
        oddities="\n".join(f"- {what}: {', '.join(which)}" for what, which in odd.items() if len(which)) or "Nothing.",
        without="" if record["plants"] else " --no-plants",
        plants=_table(record["plants"]),
    )
    (out / "README.md").write_text(text, encoding="utf-8")


def _table(plants: list[dict]) -> str:
    if not plants:
        return (
            "None: this is the clean store. Suppliers keep their word, shelves are filled in time, slow movers sell in any week, what is\n"
            "promoted earns with it and is bought before, the last week is like any other."
        )
    rows = ["| check or leak part | entity | what was done | about |", "|---|---|---|---|"]
    for p in plants:
        about = "" if p["expected"] is None else f"{p['expected']:,g} {p['unit']}"
        rows.append(f"| `{p['check']}` | `{p['entity']}` | {p['planted']} | {about} |")
    return "\n".join(rows)
