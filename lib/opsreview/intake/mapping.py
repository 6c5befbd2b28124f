"""A vendor's rows to the rows of one table, as one SELECT over text: in go the vendor's columns, out come the contract's.

Both sides have `part`, `line` and `ragged`; nothing is typed here, so that the contract's own rules say what is wrong with a value, as it
was written wherever it could not be converted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

from opsreview.intake import sql
from opsreview.intake.profile import OWN, UNITS, WEEK, Mapping, Profile, Value, key, nearest
from opsreview.intake.schema import DELETED, TABLES, Column
from opsreview.intake.text import Unusable
from opsreview.weeks import Week

SLASHED = "slashed"  # 3/4/2026, with or without a time: the file's other dates say whether the day or the month comes first
ZONES = {
    "UTC": "+00:00", "GMT": "+00:00", "BST": "+01:00", "CET": "+01:00", "CEST": "+02:00", "PST": "-08:00", "PDT": "-07:00",
    "MST": "-07:00", "MDT": "-06:00", "CST": "-06:00", "CDT": "-05:00", "EST": "-05:00", "EDT": "-04:00", "IST": "+05:30", "JST": "+09:00",
}  # fmt: skip

SHOPS_OWN = ("order_id", "return_id")  # numbers that a shop counts up by itself

Hook = Callable[[str], str]


@dataclass(frozen=True)
class Plan:
    """How one file feeds one table. `positions`: the vendor's columns that are read, and where they are; `columns`: the contract's that
    the file speaks of; `origin`: contract column -> the one header name that it is; `absent`: vendor names that the file lacks."""

    profile: Profile
    table: str
    week: Week
    positions: dict[str, int]
    columns: list[str]
    origin: dict[str, str]
    dropped: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)
    absent: dict[str, list[str]] = field(default_factory=dict)
    hook: Hook | None = None
    shop: str = ""  # goes before the numbers that another shop may give too

    def blame(self, column: str) -> str:
        """SQL: the vendor's header name for the name of a contract column, where one is the other."""
        cases = " ".join(f"WHEN {sql.text(n)} THEN {sql.text(v)}" for n, v in self.origin.items() if n in self.columns)
        return f"CASE {column} {cases} ELSE {column} END" if cases else column

    def select(self, raw: str) -> str:
        """The SELECT of the table's rows over the relation `raw` (part, line, ragged and `positions` as text)."""
        return _select(self, raw)


def plan(
    profile: Profile,
    table: str,
    header: list[str],
    week: Week,
    private: list[str] | None = None,
    hook: Hook | None = None,
    shop: str = "",
) -> Plan:
    """What the file with this header says of the table. Unusable when a column is missing without which there are no rows."""
    mapping, names = profile.tables[table], numbered(header)
    at = {key(n): i for i, n in reversed([*enumerate(names)]) if n}
    each = _each_columns(profile, mapping, names)
    wanted = dict.fromkeys([*mapping.names, *each, *(profile.ties.names if profile.ties else ()), *(profile.others if hook else ())])
    positions = {n: at[key(n)] for n in wanted if key(n) in at and not profile.is_personal(n)}
    columns, absent = [], {}
    for c in (*TABLES[table].columns, DELETED):
        value = mapping.columns.get(c.name)
        if value is None:
            continue
        own = [n for n in value.names if n not in mapping.let and n not in OWN]
        if (
            not own
            or value.fallback
            or any(n in positions or n in profile.made for n in own)
            or (value.column and len(own) < len(value.names))
        ):
            columns.append(c.name)
        else:
            absent[c.name] = own
    needed = {n: v for n, v in absent.items() if n != DELETED.name and not TABLES[table][n].optional}
    if needed:
        said = [f"{' or '.join(v)} ({n}{_hint(v, header)})" for n, v in needed.items()]
        raise Unusable(f"is {profile.vendor}'s {profile.report}, but for {table} it lacks the column {', '.join(said)}")
    origin = {n: v.column[0] for n, v in mapping.columns.items() if len(v.column) == 1}
    origin |= {n: next((c for c in v.column if c in positions), v.column[0]) for n, v in mapping.columns.items() if len(v.column) > 1}
    used = {key(n) for m in profile.tables.values() for n in m.names} | {key(n) for n in each}
    dropped = [n for n in header if n.strip() and key(n) not in used]
    said = [p.lower() for p in private or ()]
    personal = [n for n in header if profile.is_personal(n) or (n in dropped and any(fnmatchcase(key(n), p) for p in said))]
    return Plan(profile, table, week, positions, columns, origin, dropped, personal, absent, hook, shop)


def numbered(header: list[str]) -> list[str]:
    """Header names, trimmed; one that comes again gets its number: `Amount`, `Amount (2)`."""
    seen: dict[str, int] = {}
    out = []
    for name in (n.strip().strip("\ufeff") for n in header):
        seen[key(name)] = seen.get(key(name), 0) + 1
        out.append(f"{name} ({seen[key(name)]})" if name and seen[key(name)] > 1 else name)
    return out


def _hint(names: list[str], header: list[str]) -> str:
    near = next(filter(None, (nearest(n, header) for n in names)), "")
    return f"; the nearest is {near}" if near else ""


def _each_columns(profile: Profile, mapping: Mapping, names: list[str]) -> list[str]:
    """The columns of the file that `each` goes through."""
    each = mapping.each
    if each is None:
        return []
    if each.split:
        return []
    if each.columns:
        return [n for n in names if re.fullmatch(each.columns, n, re.IGNORECASE)]
    if each.others:
        known = {key(n) for n in profile.names}
        return [n for n in names if n and key(n) not in {*known, "part", "line", "ragged"} and not profile.is_personal(n)]
    return [n for n in names if any(key(n) == key(g) or re.fullmatch(re.escape(key(g)) + r" \(\d+\)", key(n)) for g in each.groups)]


def _select(plan: Plan, raw: str) -> str:
    profile, mapping = plan.profile, plan.profile.tables[plan.table]
    dates = profile.dates
    here = [f"nullif(trim({sql.name(n)}, {_BLANKS}), '') AS {sql.name(n)}" for n in plan.positions]
    wanted = dict.fromkeys([*mapping.names, *(profile.ties.names if profile.ties else ()), *(profile.others if plan.hook else ())])
    gone = [f"NULL::VARCHAR AS {sql.name(n)}" for n in wanted if n not in plan.positions and n not in profile.made]
    layer = f"SELECT part, line, ragged{''.join(', ' + x for x in (*here, *gone))} FROM {raw}"
    if plan.hook:
        layer = plan.hook(f"({layer})")

    def expand(text: str) -> str:
        return expanded(text, dates, raw, plan.positions)

    if fill := mapping.fill:
        by = ", ".join(map(sql.name, fill.by))
        carried = [
            f"first_value({sql.name(n)} IGNORE NULLS) OVER (PARTITION BY part, {by} ORDER BY line "
            f"ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS {sql.name(n)}"
            for n in fill.columns
        ]
        layer = f"SELECT * REPLACE ({', '.join(carried)}) FROM ({layer})"
    if mapping.each:
        layer = _each(plan, layer)
    for name, expression in mapping.let.items():
        layer = f"SELECT *, {expand(expression)} AS {sql.name(name)} FROM ({layer})"
    if mapping.where:
        layer = f"SELECT * FROM ({layer}) WHERE ragged OR ({expand(mapping.where)})"
    if mapping.once_per:
        keys = ", ".join(map(sql.name, mapping.once_per))
        layer = f"SELECT * FROM ({layer}) QUALIFY ragged OR row_number() OVER (PARTITION BY part, {keys} ORDER BY line) = 1"
    out = []
    for name in plan.columns:
        value, column = mapping.columns[name], _column(plan.table, name)
        before = f"{sql.text(plan.shop + ':')} || " if plan.shop and name in SHOPS_OWN else ""
        out.append(f"{before}({_value(plan, value, column, dates, raw, expand)})::VARCHAR AS {sql.name(name)}")
    if mapping.per:
        groups = ", ".join(["part", "ragged", *map(sql.name, mapping.per), "CASE WHEN ragged THEN line END"])
        return f"SELECT part, min(line) AS line, ragged, {', '.join(out)} FROM ({layer}) GROUP BY {groups}"
    return f"SELECT part, line, ragged, {', '.join(out)} FROM ({layer})"


def expanded(text: str, dates: tuple[str, ...], raw: str, here: Collection[str]) -> str:
    """SQL of a profile with its `num("X")` and `when("X")` written out. `here`: the columns that `raw` has."""
    text = re.sub(r'\bnum\(("(?:[^"]|"")+")\)', lambda m: f"TRY_CAST({number(m[1])} AS DOUBLE)", text)
    return re.sub(r'\bwhen\(("(?:[^"]|"")+")\)', lambda m: moment(m[1], dates, raw if _unquoted(m[1]) in here else ""), text)


def untied(plan: Plan, raw: str) -> str:
    """The SELECT of what the file's rows do not make up: by, rows, total."""
    ties = plan.profile.ties
    assert ties
    texts = [f"nullif(trim({sql.name(n)}, {_BLANKS}), '') AS {sql.name(n)}" for n in plan.positions]
    texts += [f"NULL::VARCHAR AS {sql.name(n)}" for n in ties.names if n not in plan.positions]
    layer = f"(SELECT part, line, ragged, {', '.join(texts)} FROM {raw} WHERE NOT ragged)"
    by, rows, total = (
        ", ".join(map(sql.name, ties.by)),
        *(expanded(x, plan.profile.dates, raw, plan.positions) for x in (ties.rows, ties.total)),
    )
    return (
        f"SELECT concat_ws(' ', {by}) AS by, round({rows}, 2) AS rows, round({total}, 2) AS total FROM {layer} GROUP BY {by} "
        f"HAVING abs(round({rows}, 2) - round({total}, 2)) > 0.004 ORDER BY 1"
    )


_BLANKS = "' \t\r\n\u00a0'"


def _column(table: str, name: str) -> Column:
    return DELETED if name == DELETED.name else TABLES[table][name]


def _each(plan: Plan, layer: str) -> str:
    """The rows of `layer`, each once for every column of `each` that has a value."""
    each = plan.profile.tables[plan.table].each
    assert each
    if each.split:
        pieces = f"regexp_split_to_array({sql.name(each.split)}, {sql.text(each.at)})"
        return (
            f'SELECT * EXCLUDE (pieces), NULL::VARCHAR AS "each name", nullif(trim(unnest(pieces)), \'\') AS "each value", '
            f'generate_subscripts(pieces, 1)::VARCHAR AS "each number" '
            f"FROM (SELECT *, CASE WHEN ragged THEN [''] ELSE {pieces} END AS pieces FROM ({layer}))"
        )
    names = _each_columns(plan.profile, plan.profile.tables[plan.table], list(plan.positions))
    if each.groups:
        first = [n for n in names if re.fullmatch(re.escape(each.groups[0]) + r"( \(\d+\))?", n, re.IGNORECASE)]
        pairs = [(sql.text(n), sql.name(n)) for n in each.also]
        pairs += [(sql.name(n), sql.name(each.groups[1] + n[len(each.groups[0]) :])) for n in first]
    else:
        pairs = [(sql.text(n), sql.name(n)) for n in names]
    items = ", ".join(f"{{'n': {n}, 'v': {v}, 'i': {i}}}" for i, (n, v) in enumerate(pairs, 1))
    return (
        f'SELECT * EXCLUDE (one), one.n AS "each name", one.v AS "each value", one.i::VARCHAR AS "each number" '
        f"FROM (SELECT *, unnest([{items}]) AS one FROM ({layer})) WHERE ragged AND one.i = 1 OR one.v IS NOT NULL"
    )


def _value(plan: Plan, value: Value, column: Column, dates: tuple[str, ...], raw: str, expand: Callable[[str], str]) -> str:
    if value.constant is not None:
        days = {WEEK[0]: plan.week.monday.isoformat(), WEEK[1]: f"{plan.week.end - timedelta(days=1)}T23:59:00"}
        x = sql.text(days.get(value.constant, value.constant))
    elif value.sql:
        x = expand(value.sql)
    else:
        x = sql.name(next(n for n in value.column if n in plan.positions or n in OWN or n in plan.profile.tables[plan.table].let))
        if column.type == "number":
            x = number(x)
        elif column.type in ("date", "timestamp"):
            x = moment(x, (*value.dates, *dates), raw if _unquoted(x) in plan.positions else "")
    if value.values:
        cases = " ".join(f"WHEN {sql.text(a.lower())} THEN {sql.text(b)}" for a, b in value.values.items())
        other = x if value.otherwise is None else f"CASE WHEN {x} IS NOT NULL THEN {sql.text(value.otherwise)} END"
        x = f"CASE lower({x}) {cases} ELSE {other} END"
    if (factor := UNITS[value.unit]) != 1:
        x = f"coalesce(round(TRY_CAST({x} AS DOUBLE) * {factor!r}, 6)::VARCHAR, {x}::VARCHAR)"
    return x


def number(x: str) -> str:
    """A number as text with a point: currency signs and thousands go; what cannot be read for sure stays as it is."""
    bare = f"regexp_replace({x}, '^(-?)\\s*(?:[A-Z]{{2,3}}|[A-Z]{{0,2}}[$£€¥₹])\\s*|\\s*(?:[A-Z]{{3}}|[$£€¥₹%])$', '\\1', 'g')"
    plain = f"CASE WHEN {x} IS NULL OR TRY_CAST({x} AS DOUBLE) IS NOT NULL THEN {x} ELSE {bare} END"
    grouped = f"regexp_full_match({bare}, '[+-]?\\d{{1,3}}(,\\d{{3}})+(\\.\\d*)?')"
    comma = f"regexp_full_match({bare}, '[+-]?(\\d+|\\d{{1,3}}(\\.\\d{{3}})+),\\d{{1,2}}')"
    return (
        f"(CASE WHEN NOT contains({x}, ',') OR {x} IS NULL THEN {plain} WHEN {grouped} THEN replace({bare}, ',', '') "
        f"WHEN {comma} THEN replace(replace({bare}, '.', ''), ',', '.') ELSE {x} END)"
    )


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"')


def moment(x: str, formats: tuple[str, ...], raw: str) -> str:
    """A date or time as ISO text; what no format fits stays as it is. A format with %Z has a zone's name at its end. `raw`: the relation
    that holds all values of the column `x`, where there is one."""
    tries = []
    for f in formats:
        if f == SLASHED:
            tries += [_slashed(x, raw)] if raw else []
            continue
        out = "%Y-%m-%dT%H:%M:%S" if re.search("%[HI]", f) else "%Y-%m-%d"
        if f.endswith("%Z"):
            zone = " ".join(f"WHEN {sql.text(n)} THEN {sql.text(o)}" for n, o in ZONES.items())
            offset = f"CASE regexp_extract({x}, '([A-Z]{{3,4}})$', 1) {zone} END"
            bare = f"regexp_replace({x}, '\\s*[A-Z]{{3,4}}$', '')"
            tries.append(f"strftime(try_strptime({bare}, {sql.text(f.removesuffix('%Z').strip())}), '{out}') || {offset}")
        else:
            tries.append(f"strftime(try_strptime({x}, {sql.text(f)}), '{out}')")
    plain = f"CASE WHEN suffix({x}, ' UTC') THEN replace({x}, ' UTC', 'Z') ELSE {x} END"
    return f"coalesce({', '.join([*tries, plain])})" if tries else f"({plain})"


def _slashed(x: str, raw: str) -> str:
    """Dates like 3/4/2026: where one date of the column cannot be but one way round, all are that way; else none is read."""
    first, second = (f"TRY_CAST(regexp_extract({x}, '^(\\d{{1,2}})/(\\d{{1,2}})/\\d{{4}}', {i}) AS INTEGER)" for i in (1, 2))
    times = ("", " %H:%M", " %H:%M:%S")
    ways = []
    for day, month, order in ((first, second, "%d/%m/%Y"), (second, first, "%m/%d/%Y")):
        sure = f"(SELECT max({day}) > 12 AND max({month}) <= 12 FROM {raw})"
        read = ", ".join(f"strftime(try_strptime({x}, '{order}{t}'), '%Y-%m-%d{'T%H:%M:%S' if t else ''}')" for t in times)
        ways.append(f"WHEN {sure} THEN coalesce({read})")
    return f"CASE {' '.join(ways)} END"
