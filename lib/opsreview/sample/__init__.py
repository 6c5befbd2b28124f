"""A made-up shop's exports, in the contract's form: what the workbook is tried, shown and measured with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from opsreview.sample import meetings
from opsreview.sample.clean import Clean
from opsreview.sample.leaks import Leaks
from opsreview.sample.readme import write_record, write_settings
from opsreview.sample.store import Store
from opsreview.sample.world import World, day_number
from opsreview.sample.write import write_table
from opsreview.weeks import Week

FORMATS = {
    "ad_spend": ".csv",
    "carrier_rates": ".csv",
    "contract_prices": ".csv",
    "control_totals": ".csv",
    "fx_rates": ".csv",
    "inbound": ".csv",
    "picks": ".parquet",
    "products": ".csv",
    "promotions": ".xlsx",
}  # all others: .csv.gz


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

    Returns the record of what was planted, which `plants.json` and `README.md` beside the folders hold too (what was decided of it lies
    in `decisions/`): `{"seed", "first_week", "last_week", "skus", "orders_per_week", "plants": [{check, entity, week, planted, expected,
    unit}]}`.
    Without `plants` it is the store that nothing ails (clean.py), not the same store less its leaks.
    ValueError where there are too few products for the leaks.
    """
    out = Path(out)
    world = World(seed, skus, orders_per_week, last_week - (weeks - 1), last_week)
    planted = Leaks(world) if plants else Clean(world)
    planted.prepare()
    store = Store(world, planted)
    store.warm_up()
    for i in range(weeks):
        week = world.first + i
        tables = store.week(day_number(week.monday))
        _write(out / str(week), tables, in_parts=i % 6 == 4)
        if progress:
            progress(f"{week}: {len(tables['order_lines']):,} order lines")
    record = {"seed": seed, "first_week": str(world.first), "last_week": str(last_week), "skus": skus, "orders_per_week": orders_per_week}
    record["plants"] = planted.record()
    write_record(out, world, record)
    write_settings(out, world)
    if plants:
        meetings.hold(out, world, record["plants"])
    return record


def _write(folder: Path, tables: dict[str, pd.DataFrame], in_parts: bool) -> None:
    """One week's folder. Now and then the order lines come in two parts, as exports of some systems do."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        table, parts = name.split(".")[0], {name: frame}
        if in_parts and table == "order_lines":
            half = len(frame) // 2
            parts = {f"{name}.1": frame.iloc[:half], f"{name}.2": frame.iloc[half:]}
        for part, rows in parts.items():
            write_table(rows, table, folder / f"{part}{FORMATS.get(table, '.csv.gz')}")
