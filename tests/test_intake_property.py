"""Random messy stores against a slow, obvious reading of the contract: Python's csv module, dictionaries and loops."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path

from helpers_intake import Folder, balanced
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opsreview.weeks import Week

WEEKS = [Week.parse(w) for w in ("2026-W44", "2026-W45", "2026-W46")]
KEYS = {"orders": ("order_id",), "order_lines": ("order_id", "line_id"), "fx_rates": ("rate_date", "currency")}

HEADERS = {
    "orders": "order_id,ordered_at,channel,status,currency,deleted",
    "order_lines": "order_id,line_id,sku,quantity,unit_price,deleted",
    "fx_rates": "rate_date,currency,rate",
}

ids = st.sampled_from(["1", "2", " 2 ", "3.0", ""])
price = st.sampled_from(["1", "2.50", "2.5", "x", ""])
orders = st.fixed_dictionaries(
    {
        "order_id": ids,
        "ordered_at": st.sampled_from(["2026-10-28T10:00:00", "2026-10-30", "soon", ""]),
        "channel": st.sampled_from(["web", "shop", ""]),
        "status": st.sampled_from(["open", "OPEN", "lost"]),
        "currency": st.sampled_from(["", "GBP", "USD"]),
        "deleted": st.sampled_from(["", "", "no", "yes", "?"]),
    }
)
order_lines = st.fixed_dictionaries(
    {
        "order_id": ids,
        "line_id": st.sampled_from(["1", "2", '"1"']),
        "sku": st.sampled_from(["A", "B", '"B ""x""\nC"']),
        "quantity": st.sampled_from(["1", "0", "-1", "1,5", '"1,5"']),  # the fourth makes the row ragged
        "unit_price": price,
        "deleted": st.sampled_from(["", "", "yes"]),
    }
)
fx_rates = st.fixed_dictionaries(
    {"rate_date": st.sampled_from(["2026-10-27", "2026-10-29", "x"]), "currency": st.just("USD"), "rate": st.sampled_from(["0.9", "zero"])}
)
files = st.fixed_dictionaries(
    {
        "orders": st.lists(orders, max_size=6),
        "order_lines": st.lists(order_lines, max_size=8),
        "fx_rates": st.lists(fx_rates, max_size=2),
    }
)


def content(rows: list[dict[str, str]], table: str) -> str:
    return "\n".join([HEADERS[table], *(",".join(row[c] for c in HEADERS[table].split(",")) for row in rows)]) + "\n"


def number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def flaw(table: str, row: dict[str, str] | None) -> str | None:
    """The first flaw of a row in the contract's order; None for a good one."""
    if row is None:
        return "ragged_row"
    if any(not row[key] for key in KEYS[table]):
        return "missing_key"
    if table == "fx_rates":
        return "not_a_date" if row["rate_date"] == "x" else "not_a_number" if row["rate"] == "zero" else None
    if row["deleted"] == "yes":
        return None
    if table == "orders":
        checks = [
            (not row["ordered_at"], "missing_value"),
            (row["ordered_at"] == "soon", "not_a_date"),
            (not row["channel"], "missing_value"),
            (row["status"] == "lost", "unknown_value"),
        ]
    else:
        checks = [
            (number(row["quantity"]) is None, "not_a_number"),
            ((number(row["quantity"]) or 0) < 0, "negative_quantity"),
            (not row["unit_price"], "missing_value"),
            (number(row["unit_price"]) is None, "not_a_number"),
        ]
    checks.append((row["deleted"] == "?", "unknown_value"))
    return next((reason for wrong, reason in checks if wrong), None)


def meaning(row: dict[str, str]) -> tuple:
    """What is compared to tell an exact duplicate from a conflict."""
    gone = row.get("deleted") == "yes"
    words = {k: v for k, v in row.items() if k != "deleted"}
    return gone, *(
        number(v) if k in ("quantity", "unit_price", "rate") else (v.lower() if k == "status" else v) for k, v in sorted(words.items())
    )


class Understood:
    """A run of week `upto`, reading everything anew: `standing` (table -> key -> row), `refused` ((file, line) -> reason), `read`."""

    def __init__(self, folder: Folder, upto: Week) -> None:
        self.folder, self.upto = folder, upto
        self.refused: dict[tuple[str, int], str] = {}
        self.read: dict[str, int] = {}
        self.rates: list[str] = []  # days with a rate
        self.unrated: set[str] = set()
        self.standing = {"fx_rates": self.table("fx_rates")}
        self.rates = [row["rate_date"] for row in self.standing["fx_rates"].values()]
        self.standing["orders"] = self.table("orders")
        # An order is there when it stood in this week or in an earlier one.
        before = [Understood(folder, week).alive("orders") for week in WEEKS if week < upto]
        self.there = {order_id for orders in (*before, self.alive("orders")) for (order_id,) in orders}
        self.standing["order_lines"] = self.table("order_lines")

    def alive(self, table: str) -> dict:
        return {key: row for key, row in self.standing[table].items() if row.get("deleted") != "yes"}

    def table(self, table: str) -> dict[tuple, dict]:
        standing: dict[tuple, dict] = {}
        for week in [w for w in WEEKS if w <= self.upto]:
            good: dict[tuple, list] = {}
            parts = {path.read_bytes(): path for path in sorted((self.folder.root / str(week)).glob(f"{table}.*"), reverse=True)}
            for path in sorted(parts.values()):  # of two with the same bytes, the first
                for line, row in self.rows(f"{week}/{path.name}"):
                    if reason := flaw(table, row) or self.reference(table, row):
                        self.refused[f"{week}/{path.name}", line] = reason
                    else:
                        good.setdefault(tuple(row[k] for k in KEYS[table]), []).append((f"{week}/{path.name}", line, row))
            for key, rows in good.items():
                *earlier, (_, _, standing[key]) = rows
                self.refused |= {(f, i): "conflicting_duplicate" for f, i, row in earlier if meaning(row) != meaning(standing[key])}
        return standing

    def rows(self, name: str) -> Iterator[tuple[int, dict | None]]:
        with (self.folder.root / name).open(newline="") as file:
            reader = csv.reader(file)
            header, line = next(reader), reader.line_num
            self.read[name] = 0
            for fields in reader:
                start, line = line + 1, reader.line_num
                self.read[name] += 1
                whole = len(fields) == len(header)
                yield start, {k: v.strip().removesuffix(".0") for k, v in zip(header, fields, strict=True)} if whole else None

    def reference(self, table: str, row: dict) -> str | None:
        if row.get("deleted") == "yes":
            return None
        if table == "orders" and row["currency"] == "USD" and not any(day <= row["ordered_at"][:10] for day in self.rates):
            self.unrated.add(row["order_id"])
            return "unknown_currency"
        if table == "order_lines" and row["order_id"] not in self.there:
            return "unknown_currency" if row["order_id"] in self.unrated else "unknown_order"
        return None


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(store=st.lists(files, min_size=1, max_size=3), split=st.booleans())
def test_every_row_is_accounted_for_and_every_week_knows_what_it_should(store, split):
    with tempfile.TemporaryDirectory() as root:
        folder = Folder(Path(root))
        weeks = WEEKS[: len(store)]
        for week, tables in zip(weeks, store, strict=True):
            for table, rows in tables.items():
                cut = len(rows) // 2 if split else len(rows)
                folder.write(f"{week}/{table}.a.csv", content(rows[:cut], table))
                folder.write(f"{week}/{table}.b.csv", content(rows[cut:], table))
        exports = folder.open(str(weeks[-1]))
        balanced(exports)
        quarantine = exports.quarantine()
        all_read = Understood(folder, weeks[-1])
        assert {(r.file, r.line): r.reason for r in quarantine.itertuples()} == all_read.refused
        assert {e["path"]: e["rows_read"] for e in exports.manifest} == all_read.read
        for week in weeks:
            known, run = exports.known(week), Understood(folder, week)
            orders = run.alive("orders")
            got = {(r.order_id,): (r.channel, r.status) for r in known.table("orders").to_pandas().itertuples()}
            assert got == {key: (row["channel"], row["status"].lower()) for key, row in orders.items()}
            lines = {key: row for key, row in run.alive("order_lines").items() if key[:1] in orders}
            got = {(r.order_id, r.line_id): (r.sku, r.quantity, r.unit_price) for r in known.table("order_lines").to_pandas().itertuples()}
            assert got == {key: (row["sku"], float(row["quantity"]), float(row["unit_price"])) for key, row in lines.items()}
            rates = known.table("fx_rates").to_pandas()
            got = {str(day)[:10]: rate for day, rate in zip(rates["rate_date"], rates["rate"], strict=True)}
            assert got == {day: float(row["rate"]) for (day, _), row in run.alive("fx_rates").items()}
