"""For people who write profiles: a draft from a file's header and values, and what each column of a file became."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from opsreview.intake import foreign, pieces, sheets, sql, text
from opsreview.intake.hooks import HOOKS
from opsreview.intake.mapping import Plan, numbered, plan
from opsreview.intake.profile import Profile, ProfileError, key
from opsreview.intake.schema import TABLES, Table
from opsreview.intake.text import Layout
from opsreview.settings import PERSONAL
from opsreview.weeks import Week

SEEN = 200  # rows that a draft looks at
MASK = "•••"
# What vendors call our columns, besides the column's own words.
WORDS = {
    "order_id": "order order_number order_no order_name", "ordered_at": "order_date created_at purchase_date sale_date date",
    "sku": "item item_number product_code variant_sku material article", "quantity": "qty units quantity_ordered count",
    "unit_price": "price item_price unit_cost_price", "channel": "source store sales_channel marketplace",
    "status": "order_status state", "shipping_charged": "shipping shipping_price postage", "order_discount": "discount discount_amount",
    "currency": "currency_code", "ship_country": "country shipping_country", "ship_postal": "zip postal_code postcode shipping_zip",
    "on_hand": "quantity_on_hand stock qty_on_hand available quantity", "location": "warehouse facility site fc store",
    "shipment_id": "tracking_number tracking_no shipment label_id", "carrier": "carrier_name", "service": "shipping_method carrier_service",
    "label_created_at": "ship_date label_date created_date", "shipped_at": "ship_date shipped_date",
    "delivered_at": "delivery_date delivered_date",
    "label_cost": "cost postage_cost rate shipping_cost", "weight_kg": "weight weight_lb weight_oz weight_kg",
    "unit_cost": "cost cost_per_item",
    "name": "title product_name description", "return_id": "rma return_number", "reason_code": "reason return_reason",
    "requested_at": "return_date requested", "invoice_id": "invoice invoice_number", "amount": "charge net_amount total",
    "invoiced_on": "invoice_date", "charge_type": "fee_type charge_description", "planned_units": "forecast plan units",
    "target_date": "week period", "document_id": "po po_number purchase_order", "quantity_ordered": "qty_ordered ordered",
    "quantity_received": "qty_received received", "eta": "expected_date due_date", "ordered_on": "order_date po_date",
    "line_id": "line line_number", "snapshot_at": "date as_of snapshot_date",
}  # fmt: skip
NAMES = r"(name|e-?mail|phone|mobile|street|address|customer|buyer|recipient|contact|company|city|zip|postcode|notes?|comments?)"
MEANS = {"number": r"[-+]?[$£€]?[\d.,]+", "time": r"\d{4}-\d\d-\d\d.*|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.*|\d{8}", "code": r".*\d.*"}


@dataclass(frozen=True)
class Shown:
    """What a file became: by table, the columns, and rows before and after."""

    columns: pd.DataFrame  # table, column, from
    before: pd.DataFrame
    after: dict[str, pd.DataFrame]


def first_rows(path: Path, layout: Layout | None = None) -> tuple[list[str], list[int], list[list[str]]]:
    """The header of a file, the lines of its first rows, and these rows."""
    extension = path.suffix.lower()
    if extension == ".parquet":
        raise ProfileError(f"{path}: a Parquet file names its columns; write the profile by hand")
    if extension == ".xlsx":
        file = sheets.Workbook(path, layout.skip if layout else 0)
    else:
        file = text.Delimited(path, text.survey(path), set(), layout or _guess(path))
    lines, rows, _ = next(iter(file.batches(SEEN)))
    return file.header, lines[:SEEN], rows[:SEEN]


def _guess(path: Path) -> Layout:
    """The separator that splits the first rows most, and where they begin to be as wide as most of them are."""
    heads = [(s, rows) for s, rows in foreign.heads_of(path, path.suffix.lower()) if rows]
    if not heads:
        raise ProfileError(f"{path}: holds no rows that can be read as a table; a profile is for csv, tsv, txt and xlsx")
    separator, rows = max(heads, key=lambda h: max((len(r.fields) for r in h[1]), default=0))
    widest = max(len(r.fields) for r in rows)
    return Layout(separator, next(r.before for r in rows if len(r.fields) == widest))


def draft(path: Path) -> str:
    """A profile in TOML for a person to finish: the likeliest table, the likeliest column for each of ours, what looks personal."""
    header, _, rows = first_rows(path)
    names = [n for n in numbered(header) if n]
    values = {n: [r[i] for r in rows if r[i].strip()] for i, n in enumerate(numbered(header)) if n}
    personal = [n for n in names if _is_personal(n, values[n])]
    open_names = [n for n in names if n not in personal]
    table, found = max(((t, _match(t, open_names, values)) for t in TABLES.values()), key=lambda x: _worth(*x))
    needed = [found[c.name] for c in table.columns if c.name in found and not c.optional][:6] or open_names[:3]
    out = [
        "# A draft: look at every line, then try it with `opsreview profile test`. docs/profiles.md says what may stand here.",
        f"vendor = {json.dumps(path.stem)}",
        'report = "Export"',
        f"needs = {json.dumps(needed, ensure_ascii=False)}",
        f"personal = {json.dumps(personal, ensure_ascii=False)}",
    ]
    if formats := _formats(
        [v for c in table.columns if c.type in ("date", "timestamp") and c.name in found for v in values[found[c.name]]]
    ):
        out.append(f"dates = {json.dumps(formats)}")
    out += ["", f"[tables.{table.name}.columns]"]
    for c in table.columns:
        if c.name in found:
            name, unit = found[c.name], _unit(c.name, found[c.name])
            said = json.dumps(name, ensure_ascii=False)
            out.append(f"{c.name} = {{ column = {said}, unit = {json.dumps(unit)} }}" if unit else f"{c.name} = {said}")
        elif not c.optional:
            choices = f" one of {', '.join(c.choices)};" if c.choices else ""
            out.append(f'{c.name} = {{ constant = "?" }}  # needed, and no column looks like it:{choices} name a column, a constant or sql')
    unused = [n for n in open_names if n not in found.values()]
    return "\n".join([*out, f"# not used: {', '.join(unused)}" if unused else "# every column is used", ""])


def _is_personal(name: str, values: list[str]) -> bool:
    """By its name, or because its values are mail addresses or phone numbers."""
    if any(fnmatchcase(key(name).replace(" ", "_"), p) for p in PERSONAL):
        return True
    like = re.search(NAMES, key(name)) and not re.search(
        r"(product|item|sku|carrier|file|channel|store|warehouse|country).?name", key(name)
    )
    mails = sum("@" in v for v in values) > len(values) / 2
    return bool(like or (values and mails)) and not re.search("country", key(name))


def _match(table: Table, names: list[str], values: dict[str, list[str]]) -> dict[str, str]:
    """Our column -> the name that means it, by words and by what the values look like; a name once."""
    scores = []
    for c in table.columns:
        wanted = [c.name, *WORDS.get(c.name, "").split()]
        for name in names:
            said = re.sub(r"[^a-z0-9]+", "_", key(name)).strip("_")
            rank = next((1 - i / 20 for i, w in enumerate(wanted) if said == w), 0.0) or 0.5 * any(said.endswith(f"_{w}") for w in wanted)
            kind = {"number": "number", "date": "time", "timestamp": "time"}.get(c.type)
            fits = not kind or not values[name] or all(re.fullmatch(MEANS[kind], v.strip()) for v in values[name])
            if rank and fits:  # the better word first, then the order of the file
                scores.append((rank, c.name, name))
    found: dict[str, str] = {}
    for _, column, name in sorted(scores, key=lambda s: -s[0]):
        if column not in found and name not in found.values():
            found[column] = name
    return found


def _worth(table: Table, found: Mapping[str, str]) -> tuple[float, int]:
    needed = [c.name for c in table.columns if not c.optional]
    have = sum(n in found for n in needed)
    return have - (len(needed) - have) / 2, len(found)


def _unit(column: str, name: str) -> str:
    units = {
        "weight_kg": ("kg", "g", "lb", "oz"),
        "length_cm": ("cm", "mm", "in"),
        "width_cm": ("cm", "mm", "in"),
        "height_cm": ("cm", "mm", "in"),
    }
    said = re.findall(r"[a-z]+", key(name).replace("lbs", "lb"))
    return next((u for u in units.get(column, ()) if u in said), "")


def _formats(values: list[str]) -> list[str]:
    """`slashed` where dates are written with slashes; other forms than ISO are left to the person."""
    return ["slashed"] if any(re.match(r"\d{1,2}/\d{1,2}/\d{4}", v.strip()) for v in values) else []


def show(path: Path, profiles: Mapping[str, Profile], week: Week, only: Profile | None = None, rows: int = 10) -> tuple[Profile, Shown]:
    """A file through its profile (or `only`): which columns made what, and its first rows before and after, personal values masked."""
    extension = path.suffix.lower()
    if only is None:
        found = foreign.recognise(path, extension, profiles)
        if not found.tables or found.profile not in profiles:
            raise ProfileError(f"{path.name}: {found.why or f'is {found.profile}: its header is ours, or it has a reader of its own'}")
        only = profiles[found.profile]
    header, lines, values = first_rows(path, foreign.layout(only, path, extension))
    names = numbered(header)
    hidden = [only.is_personal(n) for n in names]
    before = pd.DataFrame([[MASK if h and v else v for h, v in zip(hidden, row, strict=True)] for row in values[:rows]], columns=names)
    before.insert(0, "line", lines[:rows])
    columns, after = [], {}
    for table in only.tables:
        mapped = plan(only, table, header, week, PERSONAL, HOOKS.get(only.hook))
        columns += [(table, c, _origin(mapped, c)) for c in mapped.columns]
        columns += [(table, c, f"nothing: the file has no {' or '.join(n)}") for c, n in mapped.absent.items()]
        raw: pa.Table = pieces.chunk(lines, values, [], mapped)
        with duckdb.connect() as con, pieces.blamed(mapped):
            con.register("raw", raw.append_column("part", pa.array([0] * len(raw), pa.int32())))
            query = f"SELECT line, {', '.join(map(sql.name, mapped.columns))} FROM ({mapped.select('raw')}) ORDER BY line LIMIT {rows}"
            after[table] = con.execute(query).df()
    return only, Shown(pd.DataFrame(columns, columns=["table", "column", "from"]), before, after)


def _origin(mapped: Plan, column: str) -> str:
    value = mapped.profile.tables[mapped.table].columns[column]
    if value.constant is not None:
        return f"always {value.constant}"
    said = mapped.origin.get(column) or " ".join(value.sql.split())
    return said + (f" ({value.unit})" if value.unit else "")
