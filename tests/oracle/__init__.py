"""The oracle: every figure of the definitions, slowly and obviously, from the rows of clean CSV exports; nothing of the product's code."""

from .inventory import inventory_view
from .leaks import PARTS as leaks_parts
from .leaks import amount, leaks
from .margin import order_margin, sku_margin
from .read import Known, Row, read
from .scorecard import kpis, weekly_alone
from .signals import signal, status

__all__ = [
    "Known",
    "Row",
    "amount",
    "inventory_view",
    "kpis",
    "leaks",
    "leaks_parts",
    "order_margin",
    "read",
    "signal",
    "sku_margin",
    "status",
    "weekly_alone",
]
