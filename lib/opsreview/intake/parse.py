"""Text to types, as one SELECT: each column's value, and the first flaw of each row in the contract's order.

In goes a relation with the text columns of a table as they were written plus `part` (which file of the batch), `line` and
`ragged`; out come `part`, `line`, `flaw`, `flaw_column`, `flaw_value`, `flaw_row` (JSON of the row as written; empty for good rows),
the contract's columns, `<timestamp>_local` and `deleted`.
"""

from __future__ import annotations

from opsreview.intake import clock
from opsreview.intake.schema import DELETED, SYNONYMS, Column, Table

BLANKS = "' \t\r\n\u00a0'"
_DAY = r"\d{4}-\d\d-\d\d"
_TIME = _DAY + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
_OFFSET = r" ?([Zz]|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
_GROUPED = r"[+-]?[1-9]\d{0,2}"  # followed by points and three digits each, it may be thousands
FLAW = ("flaw", "flaw_column", "flaw_value", "flaw_row")
SQL_TYPES = {"text": "VARCHAR", "number": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN", "choice": "VARCHAR"}


def fields(table: Table) -> dict[str, str]:
    """The typed columns of a table and their SQL types, in order."""
    out = {c.name: SQL_TYPES[c.type] for c in table.columns}
    out |= {f"{c.name}_local": "TIMESTAMP" for c in table.columns if c.type == "timestamp"}
    return out | {"deleted": "BOOLEAN"}


def select(table: Table, relation: str, present: set[str], timezone: str, decimal_comma: bool = False) -> str:
    """The SELECT. `present`: the text columns that the relation has; the others are empty in every row."""
    columns = [*table.columns, DELETED]
    here = [c for c in columns if c.name in present]
    text = ", ".join(f"nullif({_trim(_q(c))}, '') AS {_q(c)}" for c in here)
    text = f"SELECT part, line, ragged, {_pack(here)} AS written{', ' + text if text else ''} FROM {relation}"
    numbers = [c for c in here if c.type == "number"]
    if decimal_comma and numbers:  # what one number of a column needs, all of its file are read with
        needs = ", ".join(f"coalesce(bool_or({_needs_comma(_trim(_q(c)))}), false) AS {_n(c, 'comma')}" for c in numbers)
        text = f"SELECT * FROM ({text}) JOIN (SELECT part, {needs} FROM {relation} GROUP BY part) USING (part)"
    parsed = [_parse(c, decimal_comma) for c in here]
    layers = [parsed, [x for c in here for x in _walls(c)], [x for c in here for x in _instants(c, timezone)]]
    layer = text
    for expressions in [*layers, [x for c in here for x in _locals(c, timezone)]]:
        layer = f"SELECT {', '.join(['*', *expressions])} FROM ({layer})"
    checks, flaws = _checks(table, present)
    gone = f"coalesce({_n(DELETED, 'v')}, false)" if "deleted" in present else "false"
    layer = f"SELECT *, {gone} AS gone FROM ({layer})"
    layer = f"SELECT *, CASE WHEN ragged THEN 1 {checks} END AS flaw_number FROM ({layer})"
    reasons = "[" + ", ".join(f"'{reason}'" for reason, _ in flaws) + "]"
    names = "[" + ", ".join(f"'{column}'" for _, column in flaws) + "]"
    out = [
        "part",
        "line",
        f"{reasons}[flaw_number] AS flaw",
        f"nullif({names}[flaw_number], '') AS flaw_column",
        f"{_value_of(names, here)} AS flaw_value",
        "CASE WHEN flaw_number > 1 THEN to_json(written)::VARCHAR END AS flaw_row",
        *[f"{_typed(c, present)} AS {_q(c)}" for c in table.columns],
        *[f"{_wall(c, present)} AS {_q(c, '_local')}" for c in table.columns if c.type == "timestamp"],
        "gone AS deleted",
    ]
    return f"SELECT {', '.join(out)} FROM ({layer})"


def _checks(table: Table, present: set[str]) -> tuple[str, list[tuple[str, str]]]:
    """The WHEN branches in the contract's order, and the (reason, column) that each branch's number stands for."""
    branches, flaws = [], [("ragged_row", "")]

    def flaw(condition: str, reason: str, column: Column) -> None:
        flaws.append((reason, column.name))
        branches.append(f"WHEN {condition} THEN {len(flaws)}")

    for c in table.columns:
        if c.key and not c.optional:
            flaw(f"{_q(c)} IS NULL" if c.name in present else "true", "missing_key", c)
    for c in table.columns:
        alive = "" if c.key else "NOT gone AND "  # a deleted row needs only its key
        if not c.key and not c.optional:
            flaw(f"{alive}{_q(c)} IS NULL" if c.name in present else "NOT gone", "missing_value", c)
        if c.name not in present:
            continue
        unread = f"{alive}{_q(c)} IS NOT NULL AND {_n(c, 'v')} IS NULL"
        if reason := {"number": "not_a_number", "date": "not_a_date", "timestamp": "not_a_date"}.get(c.type):
            flaw(unread, reason, c)
        elif c.type in ("choice", "boolean"):
            flaw(unread, "unknown_value", c)
        if c.non_negative:
            flaw(f"{alive}{_n(c, 'v')} < 0", "negative_quantity", c)
    if "deleted" in present:
        flaw(f"{_q(DELETED)} IS NOT NULL AND {_n(DELETED, 'v')} IS NULL", "unknown_value", DELETED)
    return " ".join(branches), flaws


def _parse(c: Column, decimal_comma: bool) -> str:
    """`<column>:v`, the value or NULL; for dates and timestamps the wall clock, and `:kind` (1 time, 2 day, 3 time with offset)."""
    x, v = _q(c), _n(c, "v")
    if c.type == "number":
        return f"{_number(x, _n(c, 'comma') if decimal_comma else '')} AS {v}"
    if c.type == "boolean":
        return f"CASE WHEN lower({x}) IN ('true', '1', 'yes') THEN true WHEN lower({x}) IN ('false', '0', 'no') THEN false END AS {v}"
    if c.type == "choice":
        meant = " ".join(f"WHEN '{a}' THEN '{b}'" for a, b in SYNONYMS.items() if b in c.choices)
        word = f"CASE lower({x}) {meant} ELSE lower({x}) END" if meant else f"lower({x})"
        return f"CASE WHEN {word} IN ({', '.join(map(repr, c.choices))}) THEN {word} END AS {v}"
    if c.type in ("date", "timestamp"):
        return (
            f"CASE WHEN regexp_full_match({x}, '{_TIME}') THEN 1 WHEN regexp_full_match({x}, '{_DAY}') THEN 2 "
            f"WHEN regexp_full_match({x}, '{_TIME}{_OFFSET}') THEN 3 END AS {_n(c, 'kind')}"
        )
    if c.name == "ship_postal":
        return f"left({_code(x)}, 3) AS {v}"
    return f"{_code(x)} AS {v}"


def _trim(x: str) -> str:
    """Without the blanks around it; to look for one is much cheaper than to trim."""
    some = " OR ".join(
        [f"{x} <= '!'", *(f"contains({x}, '{blank}')" for blank in " \t\u00a0"), *(f"suffix({x}, '{end}')" for end in "\r\n")]
    )
    return f"CASE WHEN {some} THEN trim({x}, {BLANKS}) ELSE {x} END"


def _code(x: str) -> str:
    """Keys and codes: 123.0 is 123."""
    return f"CASE WHEN contains({x}, '.') AND regexp_full_match({x}, '[+-]?\\d+\\.0+') THEN split_part({x}, '.', 1) ELSE {x} END"


def _number(x: str, comma: str) -> str:
    """A number written with a point; where `comma` names a column, the file may use decimal commas and points between thousands."""
    plain = f"CASE WHEN NOT contains({x}, '_') AND isfinite(TRY_CAST({x} AS DOUBLE)) THEN TRY_CAST({x} AS DOUBLE) END"
    if not comma:
        return plain
    ungrouped = f"TRY_CAST(replace(replace({x}, '.', ''), ',', '.') AS DOUBLE)"
    return (
        f"CASE WHEN {_needs_comma(x)} THEN {ungrouped} WHEN contains({x}, ',') THEN NULL "
        f"WHEN regexp_full_match({x}, '{_GROUPED}\\.\\d{{3}}') THEN CASE WHEN {comma} THEN {ungrouped} END ELSE {plain} END"
    )


def _needs_comma(x: str) -> str:
    """Can be read with a decimal comma only: 1,5 and 1.234,5 and 1.234.567."""
    return f"regexp_full_match({x}, '[+-]?(\\d*|{_GROUPED}(\\.\\d{{3}})+),\\d+|{_GROUPED}(\\.\\d{{3}}){{2,}}')"


def _walls(c: Column) -> list[str]:
    """`<column>:w`, microseconds of what is written, any offset left aside; of a day its start, or the next's where its end is meant."""
    if c.type not in ("date", "timestamp"):
        return []
    x = _q(c)
    time = f"epoch_us(TRY_CAST(regexp_extract({x}, '^{_TIME}') AS TIMESTAMP))"
    day = f"epoch_us(TRY_CAST({x} AS DATE)::TIMESTAMP{' + INTERVAL 1 DAY' if c.end_of_day else ''})"
    plain = f"epoch_us(TRY_CAST({x} AS TIMESTAMP))"
    return [f"CASE {_n(c, 'kind')} WHEN 2 THEN {day} WHEN 1 THEN {plain} WHEN 3 THEN {time} - {_offset(x)} END AS {_n(c, 'w')}"]


def _offset(x: str) -> str:
    """Microseconds of the offset that a text ends with: Z, +01, +0100 or +01:00."""
    part = r"([+-])(\d\d):?(\d\d)?$"
    sign = f"CASE regexp_extract({x}, '{part}', 1) WHEN '-' THEN -60000000 ELSE 60000000 END"
    hours, minutes = (f"coalesce(TRY_CAST(regexp_extract({x}, '{part}', {i}) AS BIGINT), 0)" for i in (2, 3))
    return f"{sign} * ({hours} * 60 + {minutes})"


def _instants(c: Column, timezone: str) -> list[str]:
    """`<column>:v` of a timestamp: microseconds of UTC."""
    if c.type != "timestamp":
        return []
    w, kind = _n(c, "w"), _n(c, "kind")
    end = f" - ({kind} = 2)::BIGINT" if c.end_of_day else ""
    return [f"CASE WHEN {kind} = 3 THEN {w} ELSE {clock.utc(timezone, w)}{end} END AS {_n(c, 'v')}"]


def _locals(c: Column, timezone: str) -> list[str]:
    """`<column>:wall` of a timestamp, and `<column>:v` of a date, by the local clock."""
    w, v, kind = _n(c, "w"), _n(c, "v"), _n(c, "kind")
    if c.type == "timestamp":
        return [f"make_timestamp({clock.local(timezone, v)}) AS {_n(c, 'wall')}"]
    if c.type == "date":
        return [f"make_timestamp(CASE WHEN {kind} = 3 THEN {clock.local(timezone, w)} ELSE {w} END)::DATE AS {v}"]
    return []


def _typed(c: Column, present: set[str]) -> str:
    empty = "''" if c.key and c.optional and c.type == "text" else f"NULL::{SQL_TYPES[c.type]}"
    if c.name not in present:
        return empty
    if c.type == "timestamp":
        return f"make_timestamp({_n(c, 'v')})"
    return f"coalesce({_n(c, 'v')}, '')" if empty == "''" else _n(c, "v")


def _wall(c: Column, present: set[str]) -> str:
    return _n(c, "wall") if c.name in present else "NULL::TIMESTAMP"


def _pack(columns: list[Column]) -> str:
    """The row as it was written, postal codes cut."""
    values = [f"{_q(c)} := " + (f"left(trim({_q(c)}, {BLANKS}), 3)" if c.name == "ship_postal" else _q(c)) for c in columns]
    return f"struct_pack({', '.join(values)})" if values else "NULL"


def _value_of(names: str, here: list[Column]) -> str:
    """What was written in the column that the flaw names."""
    branches = " ".join(f"WHEN '{c.name}' THEN written.{_q(c)}" for c in here)
    return f"nullif(CASE {names}[flaw_number] {branches} END, '')" if here else "NULL::VARCHAR"


def _q(c: Column, suffix: str = "") -> str:
    return f'"{c.name}{suffix}"'


def _n(c: Column, part: str) -> str:
    return f'"{c.name}:{part}"'
