"""HTML a reader reads: tables, sentences, notes. Every value is escaped; numbers are said as people say them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from opsreview import formats
from opsreview.page import environment

SCROLL = 15  # rows from which a table that can be filtered scrolls in place
FIRST = 10  # rows of a long table that the page shows at once; the others are folded under it
FIRST_SAID = 6  # sentences of a long list that are shown at once
MOST = 400  # rows of a table in a page; a page is mailed
PILLS = {
    "ok": "ok", "watch": "watch", "breach": "breach", "critical": "critical", "n/a": "na", "done": "ok", "open": "watch",
    "committed": "watch", "overdue": "breach", "out": "breach", "at risk": "watch", "slipped": "watch", "at dock": "watch",
    "inconsistent": "watch",
    "came": "ok", "missing": "breach", "stale": "watch", "odd": "watch", "changed": "watch", "ties": "ok", "does not tie": "breach",
    "accepted": "ok", "yes": "ok", "waiting": "watch", "accepted with errors": "watch", "partly accepted": "watch", "rejected": "breach",
    "refused by us": "breach",
}  # fmt: skip


class Html:
    """A piece of HTML with its own plain text: what a cell shows in JupyterLab, in the page and in a terminal."""

    def __init__(self, html: str, text: str):
        self.html, self.text = html, text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Col:
    """A column of a table; `kind` is one of FORMATTERS, `bar` draws the number's size under it, from a zero line."""

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    bar: bool = False
    small: str = ""  # a column of the frame said in small print under this one

    @classmethod
    def read(cls, text: str) -> Col:
        """`title | Finding | text | small=about | help=what it is | bar`: the two names, then what departs from the defaults."""
        name, label, *rest = (part.strip() for part in text.split("|"))
        kind = rest.pop(0) if rest and "=" not in rest[0] and rest[0] != "bar" else "text"
        options = dict(part.split("=", 1) for part in rest if "=" in part)
        return cls(name, label.replace("A week", f"A{formats.NBSP}week"), kind, bar="bar" in rest, **options)


def table(
    frame: pd.DataFrame, columns: str, caption: str = "", currency: str = "", note: str = "", empty: str = "Nothing to show",
    most: int = MOST, whole: str = "review.table of its notebook has them", filterable: bool = False, download: str = "",
    strong: str = "", first: int = FIRST,
) -> Html:  # fmt: skip
    """A table of `frame` as it is ordered, its columns a line each as `Col.read` takes them; a plain note (`empty`) where it has no row.

    A long one shows its `first` rows in the page and folds the others under them; where rows are set in bold (`strong` is true) it shows
    those, its totals. Every table can be taken along as CSV with all its rows, named `download` or by its caption. `filterable` asks the
    page for a text filter. Beyond `most` rows it says how many are left out and where they are (`whole`).
    """
    if frame.empty:
        return nothing(caption, empty)
    shown = frame.head(most)
    left = f"{formats.count(len(frame) - len(shown), 'more row')}: {whole}." if len(frame) > len(shown) else ""
    made = [Col.read(line) for line in columns.strip().splitlines()]
    heads = [{"label": c.label, "help": c.help, "num": _is_number(c.kind), "unit": _unit(c.kind, currency), "small": c.small} for c in made]
    bold = shown[strong].astype(bool).tolist() if strong else [False] * len(shown)
    cells = [_cells(shown, column, bold) for column in made]
    html = environment().get_template("tbl_rows.j2").render(
        caption=caption, columns=heads, rows=list(zip(bold, zip(*cells, strict=True), strict=True)), note=f"{note} {left}".strip(),
        filterable=filterable, download=download, scroll=filterable and len(shown) > SCROLL, first=first,
    )  # fmt: skip
    return Html(html, f"{caption or 'Table'} ({formats.count(len(frame), 'row')})")


def nothing(what: str, why: str) -> Html:
    """A plain note in the place of a chart or table that cannot be drawn."""
    text = f"{what}: {why}" if what else why
    return note(f"{formats.capital(text)}{'' if text.endswith('.') else '.'}")


def note(text: str) -> Html:
    """A sentence in small print."""
    return Html(environment().get_template("note.j2").render(text=text), text)


def sentences(lines: list[tuple[str, str]], heading: str = "") -> Html:
    """A list of sentences, each behind a class that says what it means (`good`, `bad` or empty); those after the first are folded."""
    html = (
        environment()
        .get_template("sentences.j2")
        .render(lines=lines, heading=heading, first=FIRST_SAID if len(lines) > FIRST_SAID + 1 else len(lines))
    )
    return Html(html, "\n".join([*([heading] if heading else []), *(text for _, text in lines)]))


# How a cell is said, by kind; with a `?` behind it, what has no figure is a dash: it is not missing, there is none.
FORMATTERS: dict[str, Callable[[Any], str]] = {
    "code": lambda v: formats.NA if formats.missing(v) else str(v),  # a name that must not break over lines
    "text": lambda v: formats.NA if formats.missing(v) else str(v),
    "plain": lambda v: "" if formats.missing(v) else str(v),
    "words": lambda v: "" if formats.missing(v) else formats.words(v),
    "number": formats.number,
    "one": lambda v: formats.number(v, 1),
    "two": lambda v: formats.number(v, 2),
    "money": formats.number,
    "cents": lambda v: formats.number(v, 2),
    "share": lambda v: formats.share(v, 1),
    "fine": lambda v: formats.share(v, 2),
    "change": lambda v: formats.NA if formats.missing(v) else f"{'+' if v > 0 else ''}{formats.share(v, 1)}",
    "points": lambda v: formats.points(v, 1),
    "day": lambda v: "–" if formats.missing(v) or v == "" else formats.day(v),
    "moment": lambda v: "–" if formats.missing(v) or v == "" else formats.moment(v),
    "pill": lambda v: "" if formats.missing(v) else formats.words(v),
    "said": lambda v: formats.NA if formats.missing(v) else str(v),  # a number that is already words
}
TEXTS = ("code", "text", "plain", "words", "day", "moment", "pill")


def _cells(frame: pd.DataFrame, column: Col, bold: list[bool]) -> list[dict[str, Any]]:
    values = frame[column.name].tolist()
    small = frame[column.small].tolist() if column.small else [""] * len(values)
    kind = column.kind.removesuffix("?")
    say, style = FORMATTERS[kind], "num" if _is_number(kind) else "code" if kind == "code" else ""
    dash = "–" if column.kind.endswith("?") else ""
    bars = _bars([None if total or not column.bar else value for value, total in zip(values, bold, strict=True)])
    return [
        {
            "text": dash if dash and formats.missing(value) else say(value),
            "cls": style,
            "raw": _raw(value, kind),
            "small": "" if formats.missing(extra) else str(extra),
            "pill": PILLS.get(str(value), "") if kind == "pill" else None,
            "bar": bar,
        }
        for value, extra, bar in zip(values, small, bars, strict=True)
    ]


def _bars(values: list[Any]) -> list[tuple[float, float, bool] | None]:
    """Where each bar begins and how wide it is, in per cent of the cell, and whether it lies below zero: all on one zero line."""
    known = [float(v) for v in values if not formats.missing(v)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        return [None] * len(values)
    scale = 100 / (high - low)
    return [
        None if formats.missing(v) else (round((min(0.0, float(v)) - low) * scale, 1), round(abs(float(v)) * scale, 1), float(v) < 0)
        for v in values
    ]


def _is_number(kind: str) -> bool:
    return kind.removesuffix("?") not in TEXTS


def _raw(value: Any, kind: str) -> str:
    """The number behind a cell, for sorting and for the download; empty for text, which is its own."""
    return "" if not _is_number(kind) or kind == "said" or formats.missing(value) else f"{float(value):.12g}"


def _unit(kind: str, currency: str) -> str:
    return formats.symbol(currency).strip() if kind.removesuffix("?") in ("money", "cents") and currency else ""
