"""How the weeks of a table add up: which version of a key stands when, what a reference refuses, and where every row went.

A row is *known from* the week of its folder, or from the later week whose folder brings what it refers to (the order of a line, the
rate of a currency). It stands in week W when it is known by then and no later row of its key is; so it is replaced in the earliest
week from which a later row is known, and a row that is replaced no later than it is known never stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from opsreview.intake import cache, parse
from opsreview.intake.reader import Read
from opsreview.intake.schema import Table

FATES = ("kept", "replaced", "duplicate", "deleted", "quarantined")


@dataclass(frozen=True)
class Resolved:
    """A table over all its folders. `rows`: every version that stood in some week; `quarantine`: every row not taken; note:
    `files` (each file's rows by fate) and `weeks` (of each folder: rows, how many of them are bad, and an example)."""

    table: Table
    key: str
    note: dict[str, Any]
    rows: Path
    quarantine: Path


def resolve(con: Any, table: Table, reads: list[Read], currency: str, store: cache.Store, needs: Resolved | None = None) -> Resolved:
    """`reads` in the order of the contract (by week, then name). `needs`: `fx_rates` for orders, `orders` for their lines."""
    key = cache.key("table", table.name, currency, [(r.source.name, r.path.name) for r in reads], needs.key if needs else "")
    if not (note := store.get(key)):
        cursor = con.con.cursor()
        try:
            note = _build(cursor, table, reads, currency, store, key, needs)
        finally:
            cursor.close()
    return Resolved(table, key, note, store.path(key, "rows"), store.path(key, "quarantine"))


def _build(
    sql: Any, table: Table, reads: list[Read], currency: str, store: cache.Store, key: str, needs: Resolved | None
) -> dict[str, Any]:
    fields = parse.fields(table)
    _base(sql, reads, fields)
    _accepted(sql, table, currency, needs)
    keys = ", ".join(f'"{k}"' for k in table.keys)
    whole = ", ".join(f'"{c}"' for c in (*table.names, "deleted"))
    sql.execute(
        f"CREATE TEMP TABLE twice AS SELECT hash({keys}) AS h FROM accepted WHERE known_from IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    )
    sql.execute(f"""
        CREATE TEMP TABLE contested AS
        SELECT * EXCLUDE (same), CASE WHEN place < folder_rows THEN CASE WHEN same = last_value(same) OVER folder THEN 'duplicate' ELSE 'quarantined' END
            WHEN replaced_in IS NOT NULL THEN 'replaced' WHEN deleted THEN 'deleted' ELSE 'kept' END AS fate
        FROM (SELECT *, hash({whole}) AS same,
                min(known_from) OVER (PARTITION BY {keys} ORDER BY part, line ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS replaced_in,
                row_number() OVER (PARTITION BY {keys}, week ORDER BY part, line) AS place, count(*) OVER (PARTITION BY {keys}, week) AS folder_rows
            FROM accepted WHERE known_from IS NOT NULL AND hash({keys}) IN (SELECT h FROM twice))
        WINDOW folder AS (PARTITION BY {keys}, week ORDER BY part, line ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)""")
    columns = ", ".join(f'"{c}"' for c in fields if c != "deleted")
    out = f"{columns}, week, replaced_in, deleted, name AS file, line, known_from, part"
    sql.execute(f"""
        CREATE TEMP VIEW standing AS
        SELECT {out} FROM (SELECT *, NULL::DATE AS replaced_in FROM accepted WHERE known_from IS NOT NULL AND hash({keys}) NOT IN (SELECT h FROM twice))
        UNION ALL SELECT {out} FROM contested WHERE replaced_in IS NULL OR replaced_in > known_from""")
    _bad(sql, table)
    note = {"rows": sql.execute("SELECT count(*) FROM standing").fetchone()[0], "files_by_fate": _fates(sql), "weeks": _weeks(sql)}
    return store.put(
        key,
        note,
        rows=lambda path: sql.execute(
            f"COPY (SELECT * EXCLUDE (part) FROM standing ORDER BY part, line) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        ),
        quarantine=lambda path: sql.execute(
            f"COPY (SELECT * EXCLUDE (part, lasting) FROM bad WHERE lasting ORDER BY part, line) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        ),
    )


def _base(sql: Any, reads: list[Read], fields: dict[str, str]) -> None:
    """`base`: the rows of all files with `part` (their place in the order of reading), `week` and `name`."""
    if not reads:
        empty = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in fields.items())
        flaw = ", ".join(f"NULL::VARCHAR AS {name}" for name in ("name", "flaw", "flaw_column", "flaw_value", "flaw_row"))
        sql.execute(f"CREATE TEMP VIEW base AS SELECT 0 AS part, NULL::DATE AS week, 0::BIGINT AS line, {flaw}, {empty} WHERE false")
        sql.execute("CREATE TEMP TABLE parts AS SELECT 0 AS part, NULL::DATE AS week, '' AS name, 0 AS rows WHERE false")
        return
    parts = {
        "filename": [str(r.path) for r in reads],
        "part": list(range(len(reads))),
        "week": [r.source.week.monday for r in reads],
        "name": [r.source.name for r in reads],
        "rows": [r.note["rows"] for r in reads],
    }
    sql.register("parts_given", pa.table(parts))
    sql.execute("CREATE TEMP TABLE parts AS SELECT * FROM parts_given")
    paths = ", ".join(f"'{_quoted(path)}'" for path in dict.fromkeys(parts["filename"]))
    sql.execute(f"""
        CREATE TEMP VIEW base AS SELECT p.part, p.week, p.name, t.* EXCLUDE (filename)
        FROM read_parquet([{paths}], filename = true) AS t JOIN parts AS p ON t.filename = p.filename""")


def _accepted(sql: Any, table: Table, currency: str, needs: Resolved | None) -> None:
    """`accepted`: the rows without a flaw, each with the week it is known from, NULL where its reference is in no folder."""
    if table.name == "orders" and needs:
        sql.execute(f"""
            CREATE TEMP TABLE rated AS SELECT o.currency, o.day, min(r.known_from) AS rated_from
            FROM (SELECT DISTINCT currency, ordered_at_local::DATE AS day FROM base WHERE flaw IS NULL AND currency <> '{_quoted(currency)}') AS o
            JOIN read_parquet('{_quoted(needs.rows)}') AS r ON r.currency = o.currency AND r.rate_date <= o.day AND NOT r.deleted GROUP BY ALL""")
        sql.execute(f"""
            CREATE TEMP VIEW accepted AS SELECT b.*, CASE WHEN b.deleted OR b.currency IS NULL OR b.currency = '{_quoted(currency)}' THEN b.week
                WHEN r.rated_from IS NOT NULL THEN greatest(b.week, r.rated_from) END AS known_from
            FROM base AS b LEFT JOIN rated AS r ON r.currency = b.currency AND r.day = b.ordered_at_local::DATE WHERE b.flaw IS NULL""")
    elif table.name == "order_lines" and needs:
        sql.execute(f"""
            CREATE TEMP TABLE ordered AS SELECT order_id, min(known_from) AS ordered_from
            FROM read_parquet('{_quoted(needs.rows)}') WHERE NOT deleted GROUP BY 1""")
        sql.execute("""
            CREATE TEMP VIEW accepted AS SELECT b.*, CASE WHEN b.deleted THEN b.week
                WHEN o.ordered_from IS NOT NULL THEN greatest(b.week, o.ordered_from) END AS known_from
            FROM base AS b LEFT JOIN ordered AS o ON o.order_id = b.order_id WHERE b.flaw IS NULL""")
        sql.execute(f"""
            CREATE TEMP VIEW unrated AS SELECT DISTINCT "row" ->> 'order_id' AS order_id
            FROM read_parquet('{_quoted(needs.quarantine)}') WHERE reason = 'unknown_currency'""")
    else:
        sql.execute("CREATE TEMP VIEW accepted AS SELECT *, week AS known_from FROM base WHERE flaw IS NULL")


def _bad(sql: Any, table: Table) -> None:
    """`bad`: every row that its own week's run would not take; `lasting`: nor does the run of the last folder."""
    row = f"to_json(struct_pack({', '.join(f'{_q(c.name)} := {_text(c)}' for c in table.columns)}))::VARCHAR"
    column, value, reason = {
        "orders": ("'currency'", "currency", "'unknown_currency'"),
        "order_lines": (
            "'order_id'",
            "order_id",
            "CASE WHEN order_id IN (SELECT order_id FROM unrated) THEN 'unknown_currency' ELSE 'unknown_order' END",
        ),
    }.get(table.name, ("NULL", "NULL::VARCHAR", "NULL"))
    first = table.columns[0].name
    sql.execute(f"""
        CREATE TEMP TABLE bad AS
        SELECT part, week, name AS file, line, flaw_column AS "column", flaw_value AS value, flaw AS reason, flaw_row AS "row", true AS lasting
        FROM base WHERE flaw IS NOT NULL
        UNION ALL SELECT part, week, name, line, {column}, {value}, {reason}, {row}, known_from IS NULL
        FROM accepted WHERE known_from IS NULL OR known_from > week
        UNION ALL SELECT part, week, name, line, '{first}', {_text(table.columns[0])}, 'conflicting_duplicate', {row}, true
        FROM contested WHERE fate = 'quarantined'""")


def _fates(sql: Any) -> dict[str, dict[str, int]]:
    rows = sql.execute("""
        WITH c AS (SELECT part, count(*) FILTER (WHERE fate = 'replaced') AS replaced, count(*) FILTER (WHERE fate = 'duplicate') AS duplicate FROM contested GROUP BY 1),
            s AS (SELECT part, count(*) FILTER (WHERE deleted) AS deleted, count(*) FILTER (WHERE NOT deleted) AS kept FROM standing WHERE replaced_in IS NULL GROUP BY 1),
            q AS (SELECT part, count(*) AS quarantined FROM bad WHERE lasting GROUP BY 1)
        SELECT name, rows, coalesce(kept, 0), coalesce(replaced, 0), coalesce(duplicate, 0), coalesce(deleted, 0), coalesce(quarantined, 0)
        FROM parts LEFT JOIN c USING (part) LEFT JOIN s USING (part) LEFT JOIN q USING (part) ORDER BY part""").fetchall()
    return {name: dict(zip(("read", *FATES), counts, strict=True)) for name, *counts in rows}


def _weeks(sql: Any) -> dict[str, dict[str, Any]]:
    """Of each week's folder: rows, bad rows as of that week, and of the commonest reason how many and the first of them."""
    rows = sql.execute("""
        WITH r AS (SELECT week, reason, count(*) AS n, min_by(struct_pack("file", line, "column", value), (part, line)) AS example FROM bad GROUP BY ALL),
            w AS (SELECT week, sum(n) AS bad, max_by(struct_pack(reason, n, example), (n, reason)) AS worst FROM r GROUP BY 1)
        SELECT p.week, p.rows, coalesce(w.bad, 0), w.worst FROM (SELECT week, sum(rows) AS rows FROM parts GROUP BY 1) AS p LEFT JOIN w USING (week)""").fetchall()
    return {week.isoformat(): {"rows": int(n), "bad": int(bad), "worst": worst} for week, n, bad, worst in rows}


def _text(c: Any) -> str:
    """A typed value as text, for the quarantine."""
    if c.type == "timestamp":
        return f"strftime({_q(c.name + '_local')}, '%Y-%m-%dT%H:%M:%S')"
    if c.type == "number":
        return f"regexp_replace({_q(c.name)}::VARCHAR, '\\.0$', '')"
    return f"{_q(c.name)}::VARCHAR"


def _q(name: str) -> str:
    return f'"{name}"'


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")


def monday(text: str) -> date:
    return date.fromisoformat(text)
