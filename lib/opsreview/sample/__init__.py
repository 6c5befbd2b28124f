"""A made-up shop's exports, in the contract's form: what the workbook is tried, shown and measured with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from opsreview.sample.plants import Nothing
from opsreview.sample.store import Store
from opsreview.sample.world import World, day_number
from opsreview.sample.write import write_table
from opsreview.weeks import Week

FORMATS = {"promotions": ".xlsx", "picks": ".parquet", "products": ".csv", "carrier_rates": ".csv", "contract_prices": ".csv",
           "fx_rates": ".csv", "control_totals": ".csv", "ad_spend": ".csv", "inbound": ".csv"}  # fmt: skip


def make_store(
    out: Path,
    *,
    seed: int,
    weeks: int,
    last_week: Week,
    skus: int,
    orders_per_week: int,
    plants: bool = True,
    progress: Callable[[str], None] | None = None,
) -> dict:
    """Writes `weeks` weekly folders that end with `last_week` under `out`; the same arguments give the same bytes.

    Returns the record of what was planted: `{"week": …, "seed": …, "plants": [{check, entity, week, planted, expected}, …]}`.
    """
    world = World(seed, skus, orders_per_week, last_week - (weeks - 1), last_week)
    planted = Nothing()
    planted.products(world)
    planted.promos(world)
    store = Store(world, planted)
    store.warm_up()
    for i in range(weeks):
        week = world.first + i
        tables = store.week(day_number(week.monday))
        folder = Path(out) / str(week)
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in tables.items():
            write_table(frame, name.split(".")[0], folder / f"{name}{FORMATS.get(name, '.csv.gz')}")
        if progress:
            progress(f"{week}: {len(tables['orders']):,} orders")
    return {"week": str(last_week), "seed": seed, "plants": planted.records}
