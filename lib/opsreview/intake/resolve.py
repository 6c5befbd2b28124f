"""How the weeks of a table add up: which version of a key stands when, what a reference refuses, and where every row went.

A row is *known from* the week of its folder, or from the later week whose folder brings what it refers to (the order of a line, the
rate of a currency). It stands in week W when it is known by then and no later row of its key is; so it is replaced in the earliest
week from which a later row is known, and a row that is replaced no later than it is known never stood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from opsreview.intake import cache, parse, sql
from opsreview.intake.schema import Column, Table
from opsreview.weeks import Week

FATES = ("kept", "replaced", "duplicate", "deleted", "quarantined")


@dataclass(frozen=True)
class Part:
    """A file of the table, in the order of the contract: by week, then by name. `rows` is how many it has, `path` its typed rows."""

    name: str
    week: Week
    rows: int
    key: str
    path: Path


@dataclass(frozen=True)
class Resolved:
    """A table over all its folders. `rows`: every version that stood in some week; `quarantine`: every row not taken.

    `note`: `rows`; `files` (name -> rows by fate); `weeks` (Monday -> rows, bad, worst: the commonest reason and an example, unknown:
    column -> rows with an unknown listed value); `certain`: every row that stands was known in full by the week of its folder.
    """

    table: Table
    key: str
    note: dict[str, Any]
    rows: Path
    quarantine: Path


def resolve(
    con: Any, table: Table, parts: list[Part], currency: str, store: cache.Store, ready: Callable[[], None], needs: Resolved | None = None
) -> Resolved:
    """The table, from the cache or built. `currency`: the reporting one; `ready`: makes sure of the parts' files; `needs`: what the
    rows refer to, `fx_rates` for orders and `orders` for their lines."""
    key = cache.key("table", table.name, currency, [(p.name, p.key) for p in parts], needs.key if needs else "")
    if not (note := store.get(key)):
        ready()
        with sql.ordered(con) as cursor:
            note = Resolution(cursor, table, parts, currency, needs).write(store, key)
    return Resolved(table, key, note, store.path(key, "rows"), store.path(key, "quarantine"))


class Resolution:
    """The queries of one table, on a connection of its own: each step is a temporary view or table that the next ones read."""

    def __init__(self, cursor: Any, table: Table, parts: list[Part], currency: str, needs: Resolved | None) -> None:
        self.run, self.table = cursor.execute, table
        self.keys = ", ".join(map(sql.name, table.keys))
        cursor.register("parts_given", _parts(parts))
        self.run("CREATE TEMP TABLE parts AS SELECT * FROM parts_given")
        self.base([p.path for p in parts])
        if table.name == "orders" and needs:
            self.rated(currency, needs)
        elif table.name == "order_lines" and needs:
            self.ordered(needs)
        else:
            self.run("CREATE TEMP VIEW accepted AS SELECT *, week AS known_from FROM base WHERE flaw IS NULL")
        self.contested()
        self.standing()

    def write(self, store: cache.Store, key: str) -> dict[str, Any]:
        rows, quarantine = store.scratch(key), store.scratch(key)
        try:
            # Joins turn rows about; in one order, sums over them have the same digits in every run.
            self.run(f"COPY (SELECT * EXCLUDE (place) FROM standing ORDER BY place) TO {sql.text(rows)} {sql.PARQUET}")
            self.bad()
            lasting = "SELECT * EXCLUDE (place, lasting) FROM bad WHERE lasting ORDER BY place"
            self.run(f"COPY ({lasting}) TO {sql.text(quarantine)} {sql.PARQUET}")
            return store.put(key, self.note(rows), rows=rows.replace, quarantine=quarantine.replace)
        finally:
            rows.unlink(missing_ok=True)
            quarantine.unlink(missing_ok=True)

    def base(self, paths: list[Path]) -> None:
        """`base`: the rows of all parts with `place` (in the order of reading), `week` and `file`."""
        if paths:
            typed = (
                f"SELECT * FROM read_parquet([{', '.join(dict.fromkeys(map(sql.file, paths)))}], filename = true, file_row_number = true)"
            )
        else:
            columns = (
                parse.fields(self.table)
                | {"line": "BIGINT", "file_row_number": "BIGINT"}
                | dict.fromkeys((*parse.FLAW, "filename"), "VARCHAR")
            )
            typed = f"SELECT {', '.join(f'NULL::{kind} AS {sql.name(name)}' for name, kind in columns.items())} WHERE false"
        self.run(f"""
            CREATE TEMP VIEW base AS
            SELECT p.part * 1000000000000 + file_row_number AS place, p.week, p.file, t.* EXCLUDE (filename, file_row_number)
            FROM ({typed}) AS t JOIN parts AS p USING (filename)""")

    def rated(self, currency: str, rates: Resolved) -> None:
        """`accepted` orders: the rows without a flaw; `known_from` is NULL where no folder has a rate. A rate called off is none."""
        foreign = f"flaw IS NULL AND currency <> {sql.text(currency)}"
        self.run(f"""
            CREATE TEMP TABLE rated AS
            SELECT o.currency, o.day, min(r.known_from) AS known_from
            FROM (SELECT DISTINCT currency, ordered_at_local::DATE AS day FROM base WHERE {foreign}) AS o
            JOIN (
                SELECT *, bool_or(deleted AND replaced_in IS NULL) OVER (PARTITION BY currency, rate_date) AS called_off
                FROM read_parquet({sql.file(rates.rows)})
            ) AS r ON r.currency = o.currency AND r.rate_date <= o.day AND NOT r.deleted AND NOT r.called_off
            GROUP BY o.currency, o.day""")
        self.run(f"""
            CREATE TEMP VIEW accepted AS
            SELECT b.*, CASE WHEN b.deleted OR b.currency IS NULL OR b.currency = {sql.text(currency)} THEN b.week
                WHEN r.known_from IS NOT NULL THEN greatest(b.week, r.known_from) END AS known_from
            FROM base AS b LEFT JOIN rated AS r ON r.currency = b.currency AND r.day = b.ordered_at_local::DATE WHERE b.flaw IS NULL""")

    def ordered(self, orders: Resolved) -> None:
        """`accepted` lines: the rows without a flaw; `known_from` is NULL where their order never stood. `unrated`: orders without rate."""
        self.run(f"""
            CREATE TEMP TABLE ordered AS SELECT order_id, min(known_from) AS known_from
            FROM read_parquet({sql.file(orders.rows)}) WHERE NOT deleted GROUP BY order_id""")
        self.run("""
            CREATE TEMP VIEW accepted AS
            SELECT b.*, CASE WHEN b.deleted THEN b.week WHEN o.known_from IS NOT NULL THEN greatest(b.week, o.known_from) END AS known_from
            FROM base AS b LEFT JOIN ordered AS o ON o.order_id = b.order_id WHERE b.flaw IS NULL""")
        self.run(f"""
            CREATE TEMP TABLE unrated AS SELECT DISTINCT "row" ->> 'order_id' AS order_id
            FROM read_parquet({sql.file(orders.quarantine)}) WHERE reason = 'unknown_currency'""")

    def contested(self) -> None:
        """`contested`: the accepted rows of keys that come more than once (`often` holds their hashes), each with its fate."""
        keys, values = self.keys, ", ".join(map(sql.name, (*self.table.names, "deleted")))
        self.run(f"CREATE TEMP TABLE often AS SELECT hash({keys}) AS h FROM base WHERE flaw IS NULL GROUP BY 1 HAVING count(*) > 1")
        self.run(f"""
            CREATE TEMP TABLE contested AS
            SELECT *, CASE WHEN last_in_folder <> place THEN CASE WHEN same_as_last THEN 'duplicate' ELSE 'quarantined' END
                WHEN replaced_in IS NOT NULL THEN 'replaced' WHEN deleted THEN 'deleted' ELSE 'kept' END AS fate
            FROM (
                SELECT *, last_value(place) OVER folder AS last_in_folder,
                    hash({values}) = last_value(hash({values})) OVER folder AS same_as_last, min(known_from) OVER later AS replaced_in
                FROM accepted WHERE known_from IS NOT NULL AND hash({keys}) IN (SELECT h FROM often)
                WINDOW folder AS (PARTITION BY {keys}, week ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
                    later AS (PARTITION BY {keys} ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING))""")

    def standing(self) -> None:
        """`standing`: the rows that stood in some week, with their `place`."""
        columns = ", ".join(sql.name(c) for c in parse.fields(self.table) if c != "deleted")
        columns += ", week, replaced_in, deleted, file, line, known_from, place"
        self.run(f"""
            CREATE TEMP VIEW standing AS
            SELECT {columns} FROM (SELECT *, NULL::DATE AS replaced_in FROM accepted)
            WHERE known_from IS NOT NULL AND hash({self.keys}) NOT IN (SELECT h FROM often)
            UNION ALL
            SELECT {columns} FROM (SELECT * FROM contested WHERE replaced_in IS NULL OR replaced_in > known_from)""")

    def bad(self) -> None:
        """`bad`: every row that the run of its own week would not take; `lasting`: the run of the last folder neither."""
        columns, keys = self.table.columns, map(sql.name, self.table.keys)
        written = f"to_json(struct_pack({', '.join(f'{sql.name(c.name)} := {_text(c)}' for c in columns)}))::VARCHAR"
        # Of a row that another of its folder contradicts: the first column in which they differ, and what this one says.
        same_key = " AND ".join(f"a.{key} IS NOT DISTINCT FROM b.{key}" for key in keys)
        differs = [f"WHEN a.{sql.name(c.name)} IS DISTINCT FROM b.{sql.name(c.name)} THEN" for c in columns]
        column = " ".join(f"{when} '{c.name}'" for when, c in zip(differs, columns, strict=True))
        value = " ".join(f"{when} {_text(c)}" for when, c in zip(differs, columns, strict=True))
        refused = "NULL, NULL, NULL"
        if self.table.name == "orders":
            refused = "'currency', a.currency, 'unknown_currency'"
        elif self.table.name == "order_lines":
            unrated = "a.order_id IN (SELECT order_id FROM unrated)"
            refused = f"'order_id', a.order_id, CASE WHEN {unrated} THEN 'unknown_currency' ELSE 'unknown_order' END"
        self.run(f"""
            CREATE TEMP TABLE bad AS
            SELECT place, week, file, line, flaw_column AS "column", flaw_value AS value, flaw AS reason, flaw_row AS "row", true AS lasting
            FROM base WHERE flaw IS NOT NULL
            UNION ALL
            SELECT a.place, a.week, a.file, a.line, {refused}, {written}, known_from IS NULL
            FROM accepted AS a WHERE known_from IS NULL OR known_from > week
            UNION ALL
            SELECT a.place, a.week, a.file, a.line, CASE {column} ELSE 'deleted' END, CASE {value} ELSE a.deleted::VARCHAR END,
                'conflicting_duplicate', {written}, true
            FROM contested AS a JOIN contested AS b ON {same_key} AND a.last_in_folder = b.place WHERE a.fate = 'quarantined'""")

    def note(self, rows: Path) -> dict[str, Any]:
        """What `Resolved.note` says, of the standing rows in the file `rows`."""
        stand = f"read_parquet({sql.file(rows)})"
        fates = self.run(f"""
            SELECT file, any_value(rows), {", ".join(f"count(*) FILTER (WHERE fate = '{fate}')" for fate in FATES)}
            FROM parts LEFT JOIN (
                SELECT file, fate FROM contested WHERE fate IN ('replaced', 'duplicate')
                UNION ALL SELECT file, if(deleted, 'deleted', 'kept') FROM {stand} WHERE replaced_in IS NULL
                UNION ALL SELECT file, 'quarantined' FROM bad WHERE lasting
            ) USING (file) GROUP BY file""").fetchall()
        weeks = self.run("""
            WITH r AS (
                SELECT week, reason, count(*) AS n, min_by(struct_pack(file, line, "column", value), place) AS example
                FROM bad GROUP BY week, reason),
            w AS (SELECT week, sum(n) AS bad, max_by(struct_pack(reason, n, example), (n, reason)) AS worst FROM r GROUP BY week)
            SELECT week, sum(rows), any_value(coalesce(w.bad, 0)), any_value(w.worst) FROM parts LEFT JOIN w USING (week) GROUP BY week
            """).fetchall()
        unknown = self.run(
            """SELECT week, "column", count(*) FROM bad WHERE reason = 'unknown_value' GROUP BY week, "column" """
        ).fetchall()
        uncertain = " OR ".join(["deleted", "known_from > week", *_ahead(self.table)])
        total, doubtful = self.run(f"SELECT count(*), count(*) FILTER (WHERE {uncertain}) FROM {stand}").fetchone()
        return {
            "rows": total,
            "certain": doubtful == 0,
            "files": {name: dict(zip(("read", *FATES), counts, strict=True)) for name, *counts in fates},
            "weeks": {
                str(week): {"rows": int(n), "bad": int(bad), "worst": worst, "unknown": {c: k for w, c, k in unknown if w == week}}
                for week, n, bad, worst in weeks
            },
        }


def _parts(parts: list[Part]) -> pa.Table:
    rows = [(str(p.path), i, p.week.monday, p.name, p.rows) for i, p in enumerate(parts)]
    kinds = {"filename": pa.string(), "part": pa.int64(), "week": pa.date32(), "file": pa.string(), "rows": pa.int64()}
    return pa.Table.from_pylist([dict(zip(kinds, row, strict=True)) for row in rows], schema=pa.schema(kinds))


def _ahead(table: Table) -> list[str]:
    """True for a row that had not happened by the end of the week whose folder brought it."""
    if not table.happened:
        return []
    day = table.happened if table[table.happened].type == "date" else f"{table.happened}_local::DATE"
    return [f"{day} >= week + 7"]


def _text(c: Column) -> str:
    """A typed value of row `a` as text, for the quarantine."""
    if c.type == "timestamp":
        return f"strftime(a.{sql.name(c.name + '_local')}, '%Y-%m-%dT%H:%M:%S')"
    if c.type == "number":
        return f"regexp_replace(a.{sql.name(c.name)}::VARCHAR, '\\.0$', '')"
    return f"a.{sql.name(c.name)}::VARCHAR"
