"""What a profile cannot say in TOML: named steps from the vendor's rows to rows that it can map, each tested alone."""

from __future__ import annotations

from collections.abc import Callable

# An amount stands in one of nine columns of a V1 row; what it is stands beside it, or is said by the column itself.
_V1 = {
    "shipment-fee-amount": ("ShipmentFees", '"shipment-fee-type"'),
    "order-fee-amount": ("OrderFees", '"order-fee-type"'),
    "price-amount": ("ItemPrice", '"price-type"'),
    "item-related-fee-amount": ("ItemFees", '"item-related-fee-type"'),
    "misc-fee-amount": ("misc-fee", "'Misc Fee'"),
    "other-fee-amount": ("other-fee", '"other-fee-reason-description"'),
    "promotion-amount": ("Promotion", '"promotion-type"'),
    "direct-payment-amount": ("direct-payment", '"direct-payment-type"'),
    "other-amount": ("other-transaction", '"transaction-type"'),
}


def amazon_settlement_v1(relation: str) -> str:
    """Rows of a V1 settlement as V2 has them: one for each amount, with `amount-type`, `amount-description` and `amount`; a row without
    an amount, which says how many units were bought, stays one row."""
    items = ", ".join(
        f"CASE WHEN \"{column}\" IS NOT NULL THEN {{'t': '{kind}', 'd': {what}, 'a': \"{column}\"}} END"
        for column, (kind, what) in _V1.items()
    )
    nothing = "{'t': NULL::VARCHAR, 'd': NULL::VARCHAR, 'a': NULL::VARCHAR}"
    amounts = f"list_filter([{items}], lambda x: x IS NOT NULL)"
    # The units stand beside no amount, or beside the first: they count once.
    return f"""
        SELECT * EXCLUDE (amounts, item, n) REPLACE (CASE WHEN n = 1 THEN "quantity-purchased" END AS "quantity-purchased"),
            item.t AS "amount-type", item.d AS "amount-description", item.a AS "amount"
        FROM (
            SELECT *, unnest(amounts) AS item, generate_subscripts(amounts, 1) AS n
            FROM (SELECT *, CASE WHEN len({amounts}) = 0 THEN [{nothing}] ELSE {amounts} END AS amounts FROM {relation})
        )"""


# name -> the SELECT over a relation of the vendor's columns (text; with part, line, ragged) that the mapping then reads.
HOOKS: dict[str, Callable[[str], str]] = {"amazon_settlement_v1": amazon_settlement_v1}
