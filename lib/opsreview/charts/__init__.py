"""Charts: each takes a finished frame and returns an Altair chart, or None where the frame is empty. No sums of rows a KPI is made of."""

from opsreview.charts.demand import days_of_supply, orders_against_plan, plan_vs_actual
from opsreview.charts.exports import export_heat
from opsreview.charts.forms import ranked, trend
from opsreview.charts.margin import families, ledger, rerank, returns_heat, waterfall
from opsreview.charts.money import portfolio, returns_bill, whale
from opsreview.charts.month import ebitda, recovered, stock
from opsreview.charts.service import carriers, dock_to_stock, elasticity, error_trend, waves

__all__ = [
    "carriers", "days_of_supply", "dock_to_stock", "ebitda", "elasticity", "error_trend", "export_heat", "families", "ledger",
    "orders_against_plan", "plan_vs_actual", "portfolio", "ranked", "recovered", "rerank", "returns_bill", "returns_heat", "stock", "trend",
    "waterfall", "waves", "whale",
]  # fmt: skip
