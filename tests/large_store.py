"""A made-up store of as many order lines as asked for, written by the engine itself: thirteen weekly folders of Parquet files.

Every value follows from its row's number alone, so that a table needs no other to be written and the same size gives the same store.
Costs of every kind stand in it: parcels invoiced, invoiced in part, by label only, in two boxes or not sent at all; orders with fees of
their own or by rate; picks with rework, in a second place or none; SKUs without cost or weight; returns by line or by SKU, pending or not.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
from opsreview.settings import Settings, parse
from opsreview.weeks import Week

LAST = Week.parse("2026-W45")
WEEKS = 13
LINES_PER_ORDER = 2.5  # on average, from 1 to 4
SKUS, FAMILIES = 5_000, 40
SETTINGS = {
    "timezone": "America/New_York",
    "reporting_currency": "USD",
    "costs": {"channel_rate": {"amazon": 0.15, "retail": 0.08}, "shipping_per_order": 7.5, "pick_pack_per_line": 1.1},
}

# chance(row, salt): a number from 0 to 1 that is always the same one. An order's time follows from its number, in the order of numbers.
_MACROS = """
    CREATE MACRO chance(i, salt) AS (hash(i * 64 + salt) % 1000003) / 1000003.0;
    CREATE MACRO pick(list, x) AS list[1 + (x * len(list))::BIGINT % len(list)];
    CREATE MACRO sku_no(i, n) AS (SKUS * pow(chance(i, 10 + n), 3))::BIGINT % SKUS;
    CREATE MACRO sku(i, n) AS printf('SKU-%05d', sku_no(i, n));
    CREATE MACRO lines_of(i) AS 1 + (chance(i, 1) * 4)::BIGINT % 4;
    CREATE MACRO ordered(i) AS TIMESTAMP 'START' + to_seconds((i * SPAN // ORDERS)::BIGINT);
    CREATE MACRO parcels(i) AS CASE WHEN chance(i, 2) < 0.03 THEN 0 WHEN chance(i, 2) < 0.08 THEN 2 ELSE 1 END;
    CREATE MACRO place(i) AS pick(['EAST', 'WEST', 'SOUTH'], chance(i, 3));
    CREATE MACRO label(i, n) AS round(4 + 9 * chance(i, 4) + n, 2);
    CREATE MACRO order_id(i) AS 'O' || i;
"""
_TABLES = {
    # table -> (rows it is made of: orders, their lines or parcels; weeks after the order in whose folder they come; query)
    "orders": (
        "orders",
        0,
        """order_id(i) AS order_id, ordered(i) AS ordered_at, pick(['web', 'web', 'amazon', 'retail'], chance(i, 5)) AS channel,
        CASE WHEN chance(i, 6) < 0.02 THEN 'cancelled' ELSE 'fulfilled' END AS status,
        CASE WHEN chance(i, 7) < 0.4 THEN 4.95 END AS shipping_charged,
        CASE WHEN chance(i, 8) < 0.2 THEN round(5 * chance(i, 9), 2) END AS order_discount,
        CASE WHEN chance(i, 20) < 0.7 THEN round(0.5 + 2 * chance(i, 21), 2) END AS payment_fee,
        CASE WHEN chance(i, 22) < 0.3 THEN round(4 * chance(i, 23), 2) END AS channel_fee""",
    ),
    "order_lines": (
        "lines",
        0,
        """order_id(i) AS order_id, n::VARCHAR AS line_id, sku(i, n) AS sku, 1 + (chance(i, 24 + n) * 3)::BIGINT % 3 AS quantity,
        CASE WHEN chance(i, 28 + n) < 0.02 THEN 1 END AS cancelled_quantity, round(8 + sku_no(i, n) % 90 + 0.49, 2) AS unit_price,
        CASE WHEN chance(i, 32 + n) < 0.1 THEN round(6 * chance(i, 36 + n), 2) END AS line_discount""",
    ),
    "shipments": (
        "parcels",
        0,
        """'S' || i || '-' || n AS shipment_id, order_id(i) AS order_id, place(i) AS location,
        pick(['ups', 'fedex'], chance(i, 40)) AS carrier, pick(['ground', 'air'], chance(i, 41)) AS service,
        (2 + chance(i, 42) * 6)::BIGINT::VARCHAR AS zone, ordered(i) + INTERVAL 6 HOUR AS label_created_at,
        CASE WHEN chance(i, 43) < 0.99 THEN label(i, n) END AS label_cost""",
    ),
    "carrier_charges": (
        "parcels, unnest(['base', 'fuel', 'residential']) AS c(kind)",
        2,
        """'I' || i // 1000 AS invoice_id, i || '-' || n || kind AS charge_id, 'S' || i || '-' || n AS shipment_id, kind AS charge_type,
        round(label(i, n) * CASE kind WHEN 'base' THEN 0.8 + 0.3 * chance(i, 44) WHEN 'fuel' THEN 0.11 ELSE 0.2 END, 2) AS amount,
        week + 14 + (5 * chance(i, 45))::INT AS invoiced_on""",
    ),
    "picks": (
        "lines",
        0,
        """'P' || i || '-' || n AS pick_id, order_id(i) AS order_id, n::VARCHAR AS line_id, sku(i, n) AS sku,
        CASE WHEN chance(i, 46 + n) < 0.02 THEN 'SOUTH' ELSE place(i) END AS location, ordered(i) + INTERVAL 4 HOUR AS picked_at,
        1 + (chance(i, 24 + n) * 3)::BIGINT % 3 AS quantity, CASE WHEN chance(i, 50) < 0.01 THEN 'wrong_item' END AS error_type,
        CASE WHEN chance(i, 50) < 0.01 THEN 6 END AS rework_minutes""",
    ),
    "returns": (
        "lines",
        2,
        """'R' || i AS return_id, n::VARCHAR AS line_no, order_id(i) AS order_id,
        CASE WHEN chance(i, 51) > 0.05 THEN n::VARCHAR END AS line_id,
        sku(i, n) AS sku, 1 AS quantity, pick(['damaged', 'too_small', 'changed_mind'], chance(i, 52)) AS reason_code,
        ordered(i) + INTERVAL 10 DAY AS requested_at,
        pick(['pending', 'restock', 'restock', 'refurbish', 'liquidate', 'write_off'], chance(i, 53)) AS disposition,
        round(8 + sku_no(i, n) % 90 + 0.49, 2) AS refund_amount, 5.2 AS reverse_shipping_cost, 2.1 AS handling_cost,
        round(4 * chance(i, 54), 2) AS recovered_value""",
    ),
    "support_tickets": (
        "orders",
        1,
        """'T' || i AS ticket_id, order_id(i) AS order_id, ordered(i) + INTERVAL 3 DAY AS opened_at, 'where is it' AS topic,
        CASE WHEN chance(i, 55) < 0.5 THEN round(8 * chance(i, 56), 2) END AS cost, 6 AS handle_minutes""",
    ),
}  # fmt: skip
_ONLY = {  # table -> which of the rows
    "carrier_charges": "kind <> 'residential' OR chance(i, 57) < 0.1",
    "picks": "chance(i, 58 + n % 2) > 0.03 AND chance(i, 6) >= 0.02",
    "returns": "chance(i, 60 + n % 3) < 0.06",
    "support_tickets": "chance(i, 63) < 0.04",
}


def settings() -> Settings:
    """Settings in which every cost of a line matters."""
    return parse(SETTINGS)


def write(folder: Path, lines: int) -> Week:
    """Writes the store of about so many order lines and says which week is the last."""
    orders = max(WEEKS, round(lines / LINES_PER_ORDER))
    first = LAST - (WEEKS - 1)
    con = duckdb.connect()
    macros = _MACROS.replace("ORDERS", str(orders)).replace("SPAN", str(WEEKS * 7 * 86400)).replace("SKUS", str(SKUS))
    con.execute(macros.replace("START", str(first.monday)))
    for k in range(WEEKS):
        (folder / str(first + k)).mkdir(parents=True)
    for k in range(WEEKS):
        low, high = -(-orders * k // WEEKS), -(-orders * (k + 1) // WEEKS)
        rows = {"orders": f"range({low}, {high}) AS o(i)"}
        for name, count in (("lines", "lines_of(i)"), ("parcels", "parcels(i)")):
            rows[name] = f"(SELECT i, unnest(range(1, 1 + {count})) AS n FROM {rows['orders']})"
        for table, (of, later, columns) in _TABLES.items():
            if k + later < WEEKS:
                source, _, more = of.partition(",")
                source = f"(SELECT *, DATE '{(first + k).monday}' AS week FROM {rows[source]}){',' + more if more else ''}"
                where = f"WHERE {_ONLY[table]}" if table in _ONLY else ""
                _save(con, f"SELECT {columns} FROM {source} {where}", folder / str(first + k + later) / f"{table}.parquet")
        labor = f"""SELECT DATE '{(first + k).monday}' + d::INT AS work_date, location, role, {orders} / 4000.0 + d AS hours,
            {orders} / 4000.0 * 21.5 + d * 19 AS cost
            FROM range(7) AS days(d), unnest(['EAST', 'WEST', 'SOUTH']) AS l(location), unnest(['pick', 'pack', 'receive']) AS r(role)"""
        _save(con, labor, folder / str(first + k) / "labor.parquet")
    products = f"""SELECT printf('SKU-%05d', i) AS sku, 'Product ' || i AS name, 'Family ' || i % {FAMILIES} AS family,
        'Category ' || i % 7 AS category, CASE WHEN i % 97 <> 0 THEN round((8 + i % 90) * 0.4, 2) END AS unit_cost,
        CASE WHEN i % 101 <> 0 THEN 0.1 + (i % 37) / 10.0 END AS weight_kg, CASE WHEN i % 3 = 0 THEN 30 END AS length_cm,
        20 AS width_cm, 10 + i % 20 AS height_cm, CASE WHEN i % 5 <> 0 THEN 0.35 END AS packaging_cost
        FROM range({SKUS - 50}) AS t(i)"""  # the last fifty sell without master data
    _save(con, products, folder / str(first) / "products.parquet")
    con.close()
    return LAST


def _save(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    con.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
