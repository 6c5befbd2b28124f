"""What a reader sees has one look, and its colors have one home. A color is named for what it means, never for its hue."""

from __future__ import annotations

import textwrap
from typing import Any

from opsreview.formats import NBSP, symbol

# Told apart by the color-blind (Okabe & Ito): blue is good, amber wants watching, vermillion is bad. Shapes say the same again.
INK, MUTED, LINE, PAPER = "#1B1F24", "#5C6670", "#D5DAE0", "#FFFFFF"
OK, WATCH, BREACH, NONE = "#0072B2", "#E69F00", "#D55E00", "#9AA3AD"
STATUS = {"ok": OK, "watch": WATCH, "breach": BREACH, "none": NONE, "n/a": NONE}
ACTUAL, PLAN, BAND, HIGHLIGHT = INK, OK, "#DCE6EE", BREACH
# Kinds of things that are neither good nor bad (Tol, muted): leaks, errors, cost components, reasons.
KINDS = ["#332288", "#44AA99", "#DDCC77", "#AA4499", "#88CCEE", "#117733", "#CC6677", "#999933", "#882255"]
SEQUENTIAL = ["#F3F6F9", "#C6DBEF", "#6BAED6", "#2171B5", "#08306B"]

WIDTH = 900  # px of a chart, axes and legend included: the column of a 1024 px window
FONT = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
SHARE, SHARE_FINE, UNITS, MONEY, MONEY_SHORT, CENTS = ".1%", ".2%", ",.0f", "$,.0f", "$.3~s", "$,.2f"
FORMAT = {"share": SHARE, "money": MONEY, "days": ",.1f", "hours": ",.1f", "units": UNITS, "count": ",.1f"}


def config(currency: str = "") -> dict[str, Any]:
    """Vega-Lite configuration: type, grid, and the reporting currency behind the `$` of number formats."""
    return {
        "font": FONT,
        "background": PAPER,
        "view": {"stroke": None},
        "axis": {
            "labelColor": MUTED, "titleColor": MUTED, "gridColor": LINE, "gridOpacity": 0.6, "domainColor": LINE, "tickColor": LINE,
            "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 180, "titlePadding": 8, "labelPadding": 5,
        },
        "title": {
            "anchor": "start", "frame": "bounds", "color": INK, "fontSize": 15, "fontWeight": 600, "lineHeight": 19, "offset": 12,
            "subtitleColor": MUTED, "subtitleFontSize": 12, "subtitleLineHeight": 16, "subtitlePadding": 6,
        },
        "legend": {
            "orient": "top", "direction": "horizontal", "title": None, "labelColor": INK, "labelFontSize": 12, "symbolSize": 110,
            "labelLimit": 240, "columnPadding": 18, "offset": 6,
        },
        "header": {"labelColor": INK, "labelFontSize": 12, "labelFontWeight": 600, "title": None},
        "range": {"category": KINDS, "heatmap": SEQUENTIAL, "ramp": SEQUENTIAL},
        "locale": {
            "number": {
                "decimal": ".", "thousands": ",", "grouping": [3], "percent": f"{NBSP}%",
                "currency": [symbol(currency) if currency else "", ""],
            },
        },
    }  # fmt: skip


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most so many characters: a chart's title does not wrap by itself."""
    return textwrap.wrap(text, columns, break_long_words=False) or [""]
