"""A million order lines through the Shopify profile, beside plain DuckDB reading the same file: `python benchmarks/vendor.py`.

Plain DuckDB reads the file as text with its own CSV reader and writes as Parquet the columns that the profile reads, untyped, unchecked.
The profile's run types every value, tells good rows from bad, resolves keys and accounts for every row, of orders and of order lines.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from results import measured_on, section
from run import ROOT, cost

LINES = 1_000_000
EACH = 2  # lines of an order
PLAIN = (
    "import duckdb, sys\n"
    "names = {names!r}\n"
    "c = duckdb.connect(config={{'threads': {threads}}})\n"
    "q = ', '.join('\"' + n + '\"' for n in names)\n"
    "q = f\"SELECT {{q}} FROM read_csv('{file}', header = true, all_varchar = true)\"\n"
    "c.execute(f\"COPY ({{q}}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)\")"
)
OURS = (
    "from pathlib import Path\n"
    "from opsreview.intake.store import Exports\n"
    "from opsreview.settings import parse\n"
    "from opsreview.weeks import Week\n"
    "s = parse({{'timezone': 'Europe/London', 'reporting_currency': 'GBP'}})\n"
    "e = Exports(Path('{folder}'), Week.parse('2026-W45'), s, Path('{cache}'))\n"
    "print(sum(m['rows_kept'] for m in e.manifest))"
)


def write(path: Path) -> None:
    """The real header of the orders export, made-up rows; order-level columns on the first line of an order only."""
    import csv

    import duckdb

    with (ROOT / "tests" / "vendor_headers.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.DictReader(file))["header"].split(",")
    first = f"i % {EACH} = 0"
    number = f"(1000 + i // {EACH})"
    order = {
        "Email": "'someone' || i || '@example.org'", "Financial Status": "'paid'", "Fulfillment Status": "'fulfilled'",
        "Currency": "'GBP'", "Subtotal": "'30.00'", "Shipping": "'5.00'", "Taxes": "'7.00'", "Total": "'42.00'",
        "Discount Amount": "'0.00'", "Source": "'web'", "Shipping Name": "'Some One'", "Shipping Street": "'1 Long Road, Flat ' || i",
        "Shipping Country": "'GB'", "Shipping Zip": "'SW1A 1AA'",
    }  # fmt: skip
    line = {
        "Name": f"'#' || {number}",
        "Created at": f"strftime(TIMESTAMP '2026-11-02' + INTERVAL ({number}) SECOND, '%Y-%m-%d %H:%M:%S +0000')",
        "Lineitem quantity": "(1 + i % 3)::VARCHAR", "Lineitem price": "printf('%.2f', 5 + (i % 900) / 10)",
        "Lineitem sku": "'SKU-' || (i % 5000)", "Lineitem name": "'A thing, number ' || (i % 5000)", "Lineitem discount": "'0.00'",
        "Vendor": "'Acme'",
    }  # fmt: skip
    columns = [line.get(n) or (f"CASE WHEN {first} THEN {order[n]} ELSE '' END" if n in order else "''") for n in header]
    select = ", ".join(f'{c} AS "{n}"' for c, n in zip(columns, header, strict=True))
    duckdb.sql(f"COPY (SELECT {select} FROM range({LINES}) AS t(i) ORDER BY i) TO '{path}' (FORMAT csv, HEADER)")


def main() -> None:
    """Measure, and print what was measured."""
    import os

    from opsreview.intake.profile import shipped

    threads = int(os.environ.get("OPSREVIEW_THREADS") or os.cpu_count() or 1)
    names = list(dict.fromkeys(n for m in shipped()["shopify_orders"].tables.values() for n in m.names))
    with tempfile.TemporaryDirectory(prefix="opsreview-bench-") as name:
        folder = Path(name) / "exports"
        file = folder / "2026-W45" / "orders_export.csv"
        file.parent.mkdir(parents=True)
        write(file)
        size = f"{LINES:,} lines, {file.stat().st_size / 1e6:.0f} MB, {threads} threads."
        print(size, flush=True)
        plain = PLAIN.format(names=names, threads=threads, file=file, out=Path(name) / "plain.parquet")
        ours = OURS.format(folder=folder, cache=Path(name) / "cache")
        runs = (
            ("plain DuckDB: the profile's columns as text", plain),
            ("the profile: typed, checked, accounted for", ours),
            ("the same again, from the cache", ours),
        )
        load, spent = os.getloadavg()[0], []
        for label, script in runs:
            spent.append(cost([sys.executable, "-c", script]))
            print(f"{label}: {spent[-1].wall:.1f} s", flush=True)
    under = spent[0]
    lines = ["| run | × wall s | wall s | processor s | peak MB |", "|---|---|---|---|---|"]
    for (label, _), c in zip(runs, spent, strict=True):
        lines.append(f"| {label} | {c.wall / under.wall:.1f} | {c.wall:.1f} | {c.processor:.1f} | {c.memory:.0f} |")
    text = "\n".join([measured_on(load), "", size, "", *lines])
    section("A million order lines through a vendor profile", text)
    print(text)


if __name__ == "__main__":
    main()
