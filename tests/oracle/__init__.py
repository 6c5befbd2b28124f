"""The oracle: every figure of the definitions, slowly and obviously, from the rows of clean CSV exports; nothing of the product's code."""

from .margin import order_margin, sku_margin
from .read import Known, Row, read
from .scorecard import kpis, weekly_alone

__all__ = ["Known", "Row", "kpis", "order_margin", "read", "sku_margin", "weekly_alone"]
