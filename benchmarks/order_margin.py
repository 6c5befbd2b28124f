"""`order_margin.parquet` of a large store beside the same in hand-written SQL and in pandas: `python benchmarks/order_margin.py --help`.

A made-up store is written as weekly Parquet exports and read once; then each way works in a process of its own from the same resolved
tables to the file as a run writes it: one row an order line, in order, every cost and where it comes from. All must say the same of every
component and kind, to the cent, and so must the orders, SKUs, families and channels of the product's lines; else the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]

import large_store  # noqa: E402
from results import measured_on, section  # noqa: E402

WINDOW = large_store.LAST.trailing(7 * large_store.WEEKS)
MONEY = (
    "net_revenue", "cost_of_goods", "gross_margin", "packaging", "shipping", "pick_pack", "payment", "channel_fees", "support",
    "returns_reserve", "contribution_margin",
)  # fmt: skip
KINDS = ("measured", "contracted", "accrued", "allocated")
CENT = 0.005
RATES = ("shipping_per_order", "payment_rate", "payment_fixed", "support_per_minute")
HAPPENED = {
    "orders": "ordered_at", "shipments": "label_created_at", "carrier_charges": "invoiced_on", "picks": "picked_at", "labor": "work_date",
    "returns": "requested_at", "support_tickets": "opened_at", "order_lines": None, "products": None,
}  # fmt: skip


# ---- the ways, each in a process of its own ------------------------------------------------------------------------------------


def exports(store: Path) -> Any:
    from opsreview.intake.store import open_exports

    return open_exports(store / "exports", large_store.LAST, large_store.settings(), store / "cache")


def read(store: Path) -> None:
    """Read the exports into the cache, and note where the resolved tables are."""
    found = exports(store)
    tables = {name: found.resolved(name) for name in HAPPENED}
    (store / "tables.json").write_text(json.dumps({name: [str(t.rows), t.note["rows"]] for name, t in tables.items()}), encoding="utf-8")


def product(store: Path, out: Path) -> None:
    """As `opsreview.measure` does it."""
    from opsreview import engine
    from opsreview.books import Books
    from opsreview.measure import ORDER_MARGIN
    from opsreview.provenance import of_lines, provenance

    found = exports(store)
    engine.steady(found.con, max(rows for _, rows in tables(store).values()))
    books = Books(found.known(large_store.LAST), found.settings)
    lines = of_lines(provenance(books, WINDOW)).select(*ORDER_MARGIN).order_by("order_id", "line_id")
    lines.to_parquet(str(out), compression="zstd")


def sql(store: Path, out: Path) -> None:
    """order_margin.sql."""
    con = standing(store)
    query = (Path(__file__).parent / "order_margin.sql").read_text(encoding="utf-8")
    con.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def pandas(store: Path, out: Path) -> None:
    """order_margin_pandas.py."""
    from opsreview.measure import ORDER_MARGIN
    from order_margin_pandas import order_margin

    lines = order_margin(standing(store), WINDOW, large_store.settings().costs)[list(ORDER_MARGIN)]
    lines.sort_values(["order_id", "line_id"]).to_parquet(out, compression="zstd", index=False)


def tables(store: Path) -> dict[str, Any]:
    return json.loads((store / "tables.json").read_text(encoding="utf-8"))


def standing(store: Path) -> duckdb.DuckDBPyConnection:
    """The resolved tables as they stand at `as_of`, as views, and the settings as macros; bounded as the product is."""
    week, costs = large_store.LAST, large_store.settings().costs
    options: dict[str, Any] = {"temp_directory": str(store / "spill"), "preserve_insertion_order": False}
    options |= {k: os.environ[v] for k, v in (("memory_limit", "OPSREVIEW_MEMORY"), ("threads", "OPSREVIEW_THREADS")) if os.environ.get(v)}
    if "threads" not in options and max(rows for _, rows in tables(store).values()) < 5_000_000:
        options["threads"] = 1  # as opsreview.engine.steady does
    con = duckdb.connect(config=options)
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    as_of = week.as_of(large_store.SETTINGS["timezone"])
    for name, happened in HAPPENED.items():
        stands = f"known_from <= DATE '{week.monday}' AND (replaced_in IS NULL OR replaced_in > DATE '{week.monday}') AND NOT deleted"
        if happened:
            stands += (
                f" AND {happened} < TIMESTAMP '{as_of if happened.endswith('_at') else datetime.combine(week.end, datetime.min.time())}'"
            )
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{tables(store)[name][0]}') WHERE {stands}")
    given = {
        "as_of": f"TIMESTAMP '{as_of}'", "first_day": f"DATE '{WINDOW.start}'", "last_day": f"DATE '{WINDOW.end}'",
        **dict.fromkeys(("end_day", "tickets_end", "returns_end"), f"DATE '{week.end}'"),
        **{name: f"{getattr(costs, name)!r}::DOUBLE" for name in RATES},
    }  # fmt: skip
    for name, value in given.items():
        con.execute(f"CREATE MACRO {name}() AS {value}")
    rates = " ".join(f"WHEN '{channel}' THEN {rate}::DOUBLE" for channel, rate in costs.channel_rate.items())
    con.execute(f"CREATE MACRO channel_rate(c) AS CASE c {rates} ELSE 0 END")
    return con


# ---- what they say -------------------------------------------------------------------------------------------------------------


def disagreements(store: Path, names: list[str]) -> list[str]:
    """What does not agree to the cent: sums of the ways with each other; groups of the product's lines with their whole."""
    con = duckdb.connect()
    columns = con.execute(f"DESCRIBE '{store / names[0]}.parquet'").df()["column_name"]
    sums = ", ".join(f"fsum({c}) AS {c}" for c in ("units", *MONEY, *KINDS))
    of_kind = (f"count(*) FILTER ({c} = '{kind}') AS {c}_{kind}" for c in columns if c.endswith("_kind") for kind in (*KINDS, "missing"))
    asked = f"SELECT count(*) AS lines, {sums}, {', '.join(of_kind)} FROM"
    said = {name: con.execute(f"{asked} '{store / name}.parquet'").df().iloc[0] for name in names}
    first = said[names[0]]
    wrong = [
        f"{c}: {names[0]} {first[c]:,.4f}, {name} {other[c]:,.4f}"
        for name, other in said.items() for c in first.index if not abs(other[c] - first[c]) < CENT
    ]  # fmt: skip
    for key in ("order_id", "sku", "family", "channel"):
        groups = f"SELECT {key}, {sums} FROM '{store / names[0]}.parquet' GROUP BY 1"
        whole = con.execute(f"SELECT {', '.join(f'fsum({c}) AS {c}' for c in MONEY)} FROM ({groups})").df().iloc[0]
        wrong += [f"{c} by {key}: {whole[c]:,.4f}, lines {first[c]:,.4f}" for c in MONEY if not abs(whole[c] - first[c]) < CENT]
    return wrong


# ---- the run -------------------------------------------------------------------------------------------------------------------


def in_turn(store: Path, ways: list[str], memory: str, times: int) -> dict[tuple[str, str], dict[str, float]]:
    """Each way so many times, one after the other, so that a machine that gets slower is so for all: the medians of each figure."""
    runs = [{way: measured(store, way, memory, n) for way in ways} for n in range(times)]
    figures = {way: [run[way] for run in runs if "failed" not in run[way]] or [runs[0][way]] for way in ways}
    return {(way, memory): {key: statistics.median(run[key] for run in own) for key in own[0]} for way, own in figures.items()}


def measured(store: Path, part: str, memory: str = "", nth: int = 0) -> dict[str, float]:
    """One part in a process of its own: wall and processor seconds, peak memory in MB, the load; kept beside the store.

    `failed`: its exit code, where it did not end (the memory given may not do for it); without the product there is nothing to compare.
    """
    file = store / "measured" / f"{part}{'@' + memory if memory else ''}{f' {nth + 1}' if nth else ''}.json"
    if not file.is_file():
        file.parent.mkdir(exist_ok=True)
        print(f"{file.stem} ...", flush=True)
        load = os.getloadavg()[0]
        start = time.perf_counter()
        env = {**os.environ, **({"OPSREVIEW_MEMORY": memory} if memory else {})}
        done = subprocess.run([sys.executable, __file__, "--store", str(store), "--part", part], env=env, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            if part in ("read", "product"):
                raise SystemExit(f"{file.stem} failed")
            file.write_text(json.dumps({"failed": done.returncode, "load": load}), encoding="utf-8")
            return measured(store, part, memory, nth)
        spent = json.loads(done.stdout) | {"wall": time.perf_counter() - start, "load": max(load, os.getloadavg()[0])}
        file.write_text(json.dumps(spent), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


LABELS = {
    "read": "(reading them: typed, checked, versions resolved; once)",
    "product": "`order_margin.parquet` as a run writes it",
    "sql": "hand-written SQL, DuckDB",
    "pandas": "pandas",
}


COMPARED = (
    "Each way reads the same resolved tables (Parquet, every version of every row) and writes the same file: a row an order line, every "
    "cost and its kind, by order and line, zstd. The SQL is one statement; the product holds what stands on an order, and the costed lines "
    "before it sorts them."
)


def main() -> int:
    """Measure what has not been measured of a store, say it, and whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="order lines of the store (default: 1,000,000)")
    parser.add_argument("--ways", default="product,sql,pandas", help="what to measure, of: %(default)s")
    parser.add_argument("--memory", default="2GB", help="measure again with this limit; empty: do not (default: %(default)s)")
    parser.add_argument("--bounded", default="product,sql", help="what to measure again with that limit, of: %(default)s")
    parser.add_argument("--times", type=int, default=3, help="how often the SQL and what is run beside it, in turn (default: %(default)s)")
    parser.add_argument("--store", type=Path, help="a folder for the store and what was measured of it; what is there is used again")
    parser.add_argument("--results", action="store_true", help="put the table into benchmarks/RESULTS.md")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        parts = {
            "read": read, "product": lambda s: product(s, s / "product.parquet"), "sql": lambda s: sql(s, s / "sql.parquet"),
            "pandas": lambda s: pandas(s, s / "pandas.parquet"),
        }  # fmt: skip
        if given.part == "pandas":  # it fails rather than take the machine's last memory
            most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        parts[given.part](given.store)
        used = resource.getrusage(resource.RUSAGE_SELF)
        size = 1048576 if sys.platform == "darwin" else 1024
        print(json.dumps({"processor": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / size}))
        return 0
    with tempfile.TemporaryDirectory(prefix="opsreview-bench-") as scratch:
        return compare(given.store or Path(scratch), given)


def compare(store: Path, given: argparse.Namespace) -> int:
    """Every way on one store, the table of what they cost, and 1 where they disagree."""
    if not (store / "exports").is_dir():
        large_store.write(store / "exports", given.lines)
    reading = measured(store, "read", given.memory)
    ways = given.ways.split(",")
    spent = in_turn(store, [way for way in ways if way != "pandas"], "", given.times)
    spent |= {(way, ""): measured(store, way) for way in ways if way == "pandas"}
    wrong = disagreements(store, [way for way in ways if "failed" not in spent[way, ""]])
    if given.memory:
        bounded = in_turn(store, given.bounded.split(","), given.memory, given.times)
        wrong += disagreements(store, [way for (way, _), s in bounded.items() if "failed" not in s])
        spent |= bounded
    rows = {name: rows for name, (_, rows) in tables(store).items()}
    text = [measured_on(max(s["load"] for s in (reading, *spent.values()))), ""]
    text += [
        "| way | memory limit | × processor s of the SQL | × wall s | processor s | wall s | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for (way, memory), s in spent.items():
        if "failed" in s:
            text.append(f"| {LABELS[way]} | {memory or 'none'} | – | – | did not end (exit code {s['failed']}) | – | – |")
            continue
        under = spent.get(("sql", memory))
        ratios = f"{s['processor'] / under['processor']:.2f} | {s['wall'] / under['wall']:.2f}" if under else "– | –"
        text.append(f"| {LABELS[way]} | {memory or 'none'} | {ratios} | {s['processor']:.1f} | {s['wall']:.1f} | {s['memory']:.0f} |")
    text.append(f"| {LABELS['read']} | | – | – | {reading['processor']:.1f} | {reading['wall']:.1f} | {reading['memory']:.0f} |")
    often = f" Medians of {given.times} runs in turn (pandas: one)." if given.times > 1 else ""
    limited = f" Reading was held to {given.memory} too." if given.memory else ""
    text += ["", f"{COMPARED}{often}{limited}", ""]
    text += [f"The store: {', '.join(f'{n:,} {name}' for name, n in rows.items())}; 13 weeks, and all of them the window."]
    text += [
        "",
        "All agree to the cent in every component and kind, and so do orders, SKUs, families and channels."
        if not wrong
        else "THEY DISAGREE:",
    ]
    text += [f"- {line}" for line in wrong]
    print("\n".join(text))
    if given.results:
        section(f"Order margin of {round(rows['order_lines'], -5):,} order lines", "\n".join(text))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
