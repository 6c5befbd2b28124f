"""The account of an intake: where every row of every file went, what was refused, what refers to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd
from ibis import _

from opsreview.intake import sql
from opsreview.intake.folder import Source
from opsreview.intake.reader import Read
from opsreview.intake.resolve import FATES
from opsreview.intake.schema import TABLES

if TYPE_CHECKING:
    from opsreview.intake.store import Exports

REFERENCES = {"order_id": "orders", "shipment_id": "shipments"}


def manifest(exports: Exports, reads: dict[Source, Read]) -> list[dict[str, Any]]:
    """`inputs` of run.json: each file and table that it feeds, and where its rows went. A file that is not used has none.

    rows_read (of the file) + rows_split (made where a row of a vendor's file is several of ours) = rows_kept + rows_replaced +
    rows_duplicate + rows_deleted + rows_quarantined + rows_elsewhere (no row of this table is made of them alone).
    """
    out = []
    for source, read in reads.items():
        fates = dict.fromkeys(("read", *FATES, "elsewhere", "split"), 0)
        if source in exports.usable:
            fates = exports.resolved(source.table).note["files"][source.name] | {k: read.note[k] for k in ("read", "elsewhere", "split")}
        entry = {"path": source.name, "table": source.table, "profile": source.profile, "sha256": source.sha256}
        out.append(entry | {f"rows_{fate}": fates[fate] for fate in ("read", *FATES, "elsewhere", "split")})
    return out


def _quarantined(exports: Exports) -> str:
    """The SELECT of all rows that were not taken, in the columns and the order of quarantine.csv."""
    tables = dict.fromkeys(source.table for source in exports.usable)
    selects = [
        f'SELECT strftime(week, \'%G-W%V\') AS week, {sql.text(t)} AS "table", file, line, "column", value, reason, "row" '
        f"FROM read_parquet({sql.file(exports.resolved(t).quarantine)})"
        for t in tables
    ]
    nothing = (
        "SELECT '' AS week, '' AS \"table\", '' AS file, 0 AS line, '' AS \"column\", '' AS value, '' AS reason, '' AS \"row\" WHERE false"
    )
    return f'SELECT * FROM ({" UNION ALL ".join(selects or [nothing])}) ORDER BY week, "table", file, line'


def quarantine(exports: Exports) -> pd.DataFrame:
    """week, table, file, line, column, value, reason, row: every row that was not taken, of all folders read."""
    return exports.con.con.execute(_quarantined(exports)).df()


def quarantine_csv(exports: Exports, path: Path) -> None:
    """Writes `quarantine` as CSV; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    risky = "IN ('=', '+', '-', '@', chr(9), chr(13))"
    columns = map(sql.name, ("file", "column", "value", "row"))
    texts = ", ".join(f"CASE WHEN {c}[1] {risky} THEN chr(39) || {c} ELSE {c} END AS {c}" for c in columns)
    safe = f"SELECT * REPLACE ({texts}) FROM ({_quarantined(exports)})"
    exports.con.con.execute(f"COPY ({safe}) TO {sql.text(path)} (FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"')")


def collisions(exports: Exports) -> list[str]:
    """Order numbers that two vendors' files both give: one order would replace the other. A sentence a pair of profiles."""
    by: dict[str, list[str]] = {}
    for source, read in exports.usable.items():
        if source.table == "orders" and source.profile in exports.profiles:
            by.setdefault(exports.settings.intake.source(source.name) or source.profile, []).append(exports.part(read))
    if len(by) < 2:
        return []
    each = " UNION ALL ".join(
        f"SELECT DISTINCT {sql.text(name)} AS vendor, order_id FROM read_parquet([{', '.join(map(sql.file, paths))}]) WHERE flaw IS NULL"
        for name, paths in by.items()
    )
    shared = exports.con.con.execute(f"""
        SELECT a.vendor, b.vendor, count(*) FROM ({each}) AS a JOIN ({each}) AS b ON a.order_id = b.order_id AND a.vendor < b.vendor
        GROUP BY ALL ORDER BY ALL""").fetchall()
    return [
        f"{n:,} order numbers come from both {a} and {b}, and one order replaces the other; "
        "name the shops under [intake.sources] in review.toml to keep them apart"
        for a, b, n in shared
        if _vendor(exports, a) != _vendor(exports, b)
    ]


def _vendor(exports: Exports, name: str) -> str:
    """Several reports of one vendor speak of the same orders."""
    return exports.profiles[name].vendor if name in exports.profiles else name


def freshness(exports: Exports) -> pd.DataFrame:
    """table, last_week, newest_event (local), rows (that stand): one row a table that came, for the trust line."""
    out = []
    for name, table in TABLES.items():
        if weeks := [week for week, other in exports.headers if other == name]:
            known = exports.known(exports.upto).table(name)
            wanted = {"rows": known.count()}
            if table.happened:
                wanted["newest_event"] = known[table.happened + ("_local" if table[table.happened].type == "timestamp" else "")].max()
            (row,) = known.aggregate(**wanted).to_pyarrow().to_pylist()
            newest = pd.Timestamp(row["newest_event"]) if row.get("newest_event") else pd.NaT
            out.append({"table": name, "last_week": str(max(weeks)), "newest_event": newest, "rows": row["rows"]})
    return pd.DataFrame(out, columns=["table", "last_week", "newest_event", "rows"])


def unknown_skus(exports: Exports) -> pd.DataFrame:
    """sku, rows (in all tables), revenue (of lines of orders not cancelled, reporting currency): SKUs that `products` does not have."""
    known = exports.known(exports.upto)
    products = known.table("products").select("sku")
    tables = [t for t in dict.fromkeys(s.table for s in exports.usable) if t != "products" and "sku" in TABLES[t].names]
    if not tables:
        return pd.DataFrame(columns=["sku", "rows", "revenue"])
    counts = [known.table(t).filter(_.sku != "").group_by("sku").agg(rows=_.count()) for t in tables]
    rows = ibis.union(*counts).group_by("sku").agg(rows=_.rows.sum()) if len(counts) > 1 else counts[0]
    orders = known.table("orders").filter(~_.cancelled).select("order_id", "rate")
    lines = known.table("order_lines").inner_join(orders, "order_id")
    units = (lines.quantity - lines.cancelled_quantity.coalesce(0)).clip(lower=0)
    revenue = lines.mutate(amount=(units * lines.unit_price - lines.line_discount.coalesce(0)) * lines.rate)
    revenue = revenue.group_by("sku").agg(revenue=_.amount.sum()).rename(of="sku")
    unknown = rows.anti_join(products, "sku")
    out = unknown.left_join(revenue, unknown.sku == revenue.of).select("sku", "rows", revenue=_.revenue.coalesce(0.0))
    return out.order_by(ibis.desc("revenue"), "sku").to_pandas()


def unknown_references(exports: Exports) -> pd.DataFrame:
    """table, column, rows: rows that stand and name an order or a shipment that is in no folder."""
    known, out = exports.known(exports.upto), []
    for name in dict.fromkeys(source.table for source in exports.usable):
        for column, target in REFERENCES.items():
            if column in TABLES[name].names and name not in (target, "order_lines"):
                named = known.table(name).drop_null(column)
                rows = named.anti_join(known.table(target).select(column), column).count().to_pyarrow().as_py()
                out.append({"table": name, "column": column, "rows": rows})
    return pd.DataFrame([o for o in out if o["rows"]], columns=["table", "column", "rows"])


def unknown_currencies(exports: Exports) -> pd.DataFrame:
    """currency, orders, lines, value (units × price − discount, in that currency): what is not taken for want of a rate."""
    orders, lines = (f"read_parquet({sql.file(exports.resolved(t).quarantine)})" for t in ("orders", "order_lines"))
    number = "coalesce(TRY_CAST(\"row\" ->> '{}' AS DOUBLE), 0)".format
    value = f"greatest({number('quantity')} - {number('cancelled_quantity')}, 0) * {number('unit_price')} - {number('line_discount')}"
    by_order = "WHERE reason = 'unknown_currency' GROUP BY 1"
    return exports.con.con.execute(f"""
        WITH o AS (SELECT "row" ->> 'order_id' AS order_id, any_value(value) AS currency, count(*) AS n FROM {orders} {by_order}),
            l AS (SELECT "row" ->> 'order_id' AS order_id, count(*) AS n, sum({value}) AS value FROM {lines} {by_order})
        SELECT currency, sum(o.n)::BIGINT AS orders, coalesce(sum(l.n), 0)::BIGINT AS lines, coalesce(sum(l.value), 0) AS value
        FROM o LEFT JOIN l USING (order_id) GROUP BY currency ORDER BY currency""").df()


def set_aside(exports: Exports) -> pd.DataFrame:
    """order_id, day (local; of the order, else the Monday of the folder), units, gross (at face value): lines not taken, one row each.

    What can be read of them; a line that another of its key contradicts is left out: one of the two was taken.
    """
    orders, lines = (f"read_parquet({sql.file(exports.resolved(t).quarantine)})" for t in ("orders", "order_lines"))
    number = "TRY_CAST(\"row\" ->> '{}' AS DOUBLE)".format
    units = f"greatest({number('quantity')} - coalesce({number('cancelled_quantity')}, 0), 0)"
    return exports.con.con.execute(f"""
        WITH l AS (
            SELECT "row" ->> 'order_id' AS order_id, week, {units} AS units, {units} * {number("unit_price")} AS gross
            FROM {lines} WHERE reason <> 'conflicting_duplicate' AND "row" IS NOT NULL),
        o AS (
            SELECT "row" ->> 'order_id' AS order_id, min(TRY_CAST(("row" ->> 'ordered_at')[:10] AS DATE)) AS day
            FROM {orders} GROUP BY 1),
        k AS (SELECT order_id, min(ordered_at_local::DATE) AS day FROM {exports.stored("orders").get_name()} GROUP BY 1)
        SELECT l.order_id, coalesce(k.day, o.day, l.week)::TIMESTAMP AS day, coalesce(units, 0) AS units, coalesce(gross, 0) AS gross
        FROM l LEFT JOIN o USING (order_id) LEFT JOIN k USING (order_id) ORDER BY l.order_id, day, gross""").df()
