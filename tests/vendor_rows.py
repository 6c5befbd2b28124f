"""Made-up rows under the real headers, and what each becomes, worked out by hand: (header, rows, {table: rows}).

The header is that of tests/vendor_headers.csv whose report begins so, or a list of names for reports that are not in it.
"""

from __future__ import annotations

S1 = {
    "settlement-id": "900",
    "transaction-type": "Order",
    "order-id": "111-1",
    "shipment-id": "SH1",
    "fulfillment-id": "AFN",
    "posted-date": "2026-11-03T08:00:00+00:00",
    "sku": "MUG",
}
S2 = {
    "settlement-id": "901",
    "currency": "GBP",
    "transaction-type": "Order",
    "order-id": "222-2",
    "shipment-id": "SH2",
    "posted-date": "2026-11-03 00:00:00 UTC",
    "posted-date-time": "2026-11-03 08:30:00 UTC",
    "sku": "MUG",
    "quantity-purchased": "2",
}
UPS = {
    "Version": "2.1",
    "Invoice Date": "2026-11-07",
    "Invoice Number": "INV9",
    "Invoice Amount": "25.30",
    "Tracking Number": "1Z1",
    "Billed Weight": "10",
    "Billed Weight Unit of Measure": "L",
}
FEDEX = {
    "Invoice Number": "F1",
    "Invoice Date": "20261106",
    "Express or Ground Tracking ID": "7001",
    "Transportation Charge Amount": "12.00",
    "Net Charge Amount": "14.50",
    "Rated Weight Amount": "2",
    "Rated Weight Units": "K",
}
BIG = (
    "Product ID: 7, Product Qty: 2, Product SKU: MUG, Product Name: Mug, Product Weight: 1, Product Unit Price: 10.00, "
    "Product Total Price: 20.00|Product ID: 8, Product Qty: 1, Product SKU: , Product Name: Cup, "
    "Product Unit Price: 5.50, Product Total Price: 5.50"
)

CASES: dict[str, tuple] = {
    "shopify_inventory": (
        "Inventory export CSV (current",
        [
            {"Title": "Mug", "SKU": "MUG", "Location": "London", "Committed (not editable)": "3", "Available (not editable)": "9"},
            {
                "Title": "Cup",
                "Option1 Value": "Red",
                "Option2 Value": "L",
                "Location": "London",
                "Committed (not editable)": "0",
                "Available (not editable)": "-1",
            },
            {
                "Title": "Pen",
                "SKU": "PEN",
                "Location": "London",
                "Committed (not editable)": "not stocked",
                "Available (not editable)": "not stocked",
            },
        ],
        {
            "inventory": [
                {"system": "shop", "sku": "MUG", "location": "London", "on_hand": 12, "allocated": 3, "snapshot_at": "2026-11-08 23:59:00"},
                {"sku": "Cup - Red / L", "on_hand": -1, "allocated": 0},
            ]
        },
    ),
    "shopify_inventory_wide": (
        "Inventory export CSV (older",
        [{"Title": "Mug", "SKU": "MUG", "POPTOYS": "7"}, {"SKU": "PEN", "POPTOYS": "not stocked"}],
        {"inventory": [{"system": "shop", "sku": "MUG", "location": "POPTOYS", "on_hand": 7}]},
    ),
    "shopify_products": (
        "Products export CSV (2023)",
        [
            {
                "Handle": "mug",
                "Title": "Mug",
                "Type": "Kitchen",
                "Vendor": "Acme",
                "Status": "active",
                "Variant SKU": "MUG-R",
                "Variant Price": "9.00",
                "Variant Grams": "250",
                "Cost per item": "3.10",
            },
            {"Handle": "mug", "Variant SKU": "MUG-B", "Variant Price": "9.00", "Variant Grams": "0", "Cost per item": "0.00"},
            {"Handle": "mug", "Image Src": "x.png"},
        ],
        {
            "products": [
                {
                    "sku": "MUG-R",
                    "name": "Mug",
                    "family": "Kitchen",
                    "unit_cost": 3.1,
                    "status": "active",
                    "weight_kg": 0.25,
                    "supplier": "Acme",
                },
                {"sku": "MUG-B", "name": "Mug", "unit_cost": None, "weight_kg": None, "supplier": "Acme"},
            ]
        },
    ),
    "shopify_products_new": (
        "Products CSV (newer",
        [{"URL handle": "mug", "Title": "Mug", "SKU": "MUG", "Inventory quantity": "4"}],
        {"products": [{"sku": "MUG", "name": "Mug"}]},
    ),
    "amazon_settlement_v1": (
        "Settlement flat file (V1, 36",
        [
            {"settlement-id": "900", "total-amount": "24.11", "currency": "GBP"},
            S1 | {"quantity-purchased": "2"},
            S1 | {"price-type": "Principal", "price-amount": "40.00"},
            S1 | {"price-type": "Shipping", "price-amount": "3.99"},
            S1 | {"price-type": "Tax", "price-amount": "8.00"},
            S1 | {"item-related-fee-type": "Commission", "item-related-fee-amount": "-6.00"},
            S1 | {"item-related-fee-type": "FBAPerUnitFulfillmentFee", "item-related-fee-amount": "-4.50"},
            S1 | {"promotion-type": "Shipping", "promotion-amount": "-3.99"},
            S1 | {"promotion-type": "Principal", "promotion-amount": "-2.00"},
            S1
            | {
                "transaction-type": "Refund",
                "order-id": "111-0",
                "adjustment-id": "ADJ",
                "price-type": "Principal",
                "price-amount": "-1.39",
            },
            {
                "settlement-id": "900",
                "transaction-type": "ServiceFee",
                "posted-date": "2026-11-04T08:00:00+00:00",
                "item-related-fee-type": "Cost of Advertising",
                "item-related-fee-amount": "-10.00",
            },
        ],
        {
            "ad_spend": [{"spend_date": "2026-11-04", "channel": "amazon", "network": "amazon_ads", "amount": 10}],
            "orders": [
                {
                    "order_id": "111-1",
                    "channel": "amazon",
                    "status": "fulfilled",
                    "shipping_charged": 0,
                    "channel_fee": 6,
                    "currency": "GBP",
                    "ordered_at": "2026-11-03 08:00:00",
                }
            ],
            "order_lines": [{"order_id": "111-1", "line_id": "MUG", "sku": "MUG", "quantity": 2, "unit_price": 20, "line_discount": 2}],
            "shipments": [
                {
                    "shipment_id": "SH1",
                    "order_id": "111-1",
                    "location": "amazon_fba",
                    "label_cost": 4.5,
                    "shipped_at": "2026-11-03 08:00:00",
                }
            ],
            "returns": [
                {"return_id": "ADJ", "line_no": "MUG", "order_id": "111-0", "quantity": 1, "refund_amount": 1.39, "reason_code": "refund"}
            ],
        },
    ),
    "amazon_settlement_v2": (
        "Settlement flat file V2",
        [
            {"settlement-id": "901", "total-amount": "31.50", "currency": "GBP"},
            S2 | {"amount-type": "ItemPrice", "amount-description": "Principal", "amount": "40.00"},
            S2 | {"amount-type": "ItemFees", "amount-description": "Commission", "amount": "-6.00"},
            S2 | {"amount-type": "ItemFees", "amount-description": "FBAPerUnitFulfillmentFee", "amount": "-2,50"},
        ],
        {
            "orders": [{"order_id": "222-2", "channel_fee": 6, "shipping_charged": 0, "ordered_at": "2026-11-03 08:30:00"}],
            "order_lines": [{"line_id": "MUG", "quantity": 2, "unit_price": 20, "line_discount": 0}],
            "shipments": [{"shipment_id": "SH2", "label_cost": 2.5}],
            "returns": [],
            "ad_spend": [],
        },
    ),
    "amazon_fba_returns": (
        "FBA customer returns",
        [
            {
                "return-date": "2026-11-04T10:00:00+00:00",
                "order-id": "111-1",
                "sku": "MUG",
                "quantity": "1",
                "detailed-disposition": "SELLABLE",
                "reason": "UNWANTED_ITEM",
                "license-plate-number": "LPN1",
            },
            {
                "return-date": "2026-11-04T10:00:00+00:00",
                "order-id": "111-2",
                "sku": "MUG",
                "quantity": "1",
                "detailed-disposition": "DEFECTIVE",
                "reason": "DEFECTIVE",
                "license-plate-number": "LPN2",
            },
        ],
        {
            "returns": [
                {
                    "return_id": "LPN1",
                    "order_id": "111-1",
                    "reason_code": "changed_mind",
                    "disposition": "restock",
                    "received_at": "2026-11-04 10:00:00",
                },
                {"return_id": "LPN2", "reason_code": "defective", "disposition": "pending", "disposed_at": None},
            ]
        },
    ),
    "amazon_ledger_summary": (
        "Inventory ledger summary",
        [
            {"Date": "11/05/2026", "MSKU": "MUG", "Disposition": "SELLABLE", "Ending Warehouse Balance": "8", "Location": "GB"},
            {"Date": "11/05/2026", "MSKU": "MUG", "Disposition": "DEFECTIVE", "Ending Warehouse Balance": "2", "Location": "GB"},
        ],
        {"inventory": [{"sku": "MUG", "location": "amazon GB", "on_hand": 8, "system": "wms", "snapshot_at": "2026-11-05 23:59:00"}]},
    ),
    "amazon_fba_inventory": (
        "FBA Manage Inventory",
        [{"sku": "MUG", "afn-fulfillable-quantity": "5", "afn-reserved-quantity": "2"}],
        {"inventory": [{"sku": "MUG", "location": "amazon_fba", "on_hand": 7, "allocated": 2}]},
    ),
    "amazon_all_orders": (
        "All orders report by last update",
        [
            {
                "amazon-order-id": "111-1",
                "purchase-date": "2026-11-02T10:00:00+00:00",
                "order-status": "Shipped",
                "item-status": "Shipped",
                "sku": "MUG",
                "quantity": "2",
                "currency": "GBP",
                "item-price": "40.00",
                "shipping-price": "3.99",
                "ship-promotion-discount": "3.99",
                "item-promotion-discount": "2.00",
                "ship-country": "GB",
                "ship-postal-code": "SW1A",
            },
            {
                "amazon-order-id": "111-2",
                "purchase-date": "2026-11-02T11:00:00+00:00",
                "order-status": "Cancelled",
                "item-status": "Cancelled",
                "sku": "MUG",
                "quantity": "0",
                "currency": "GBP",
            },
            {
                "amazon-order-id": "111-3",
                "purchase-date": "2026-11-02T12:00:00+00:00",
                "order-status": "Pending",
                "sku": "MUG",
                "quantity": "1",
            },
        ],
        {
            "orders": [
                {
                    "order_id": "111-1",
                    "status": "fulfilled",
                    "shipping_charged": 0,
                    "ship_postal": "SW1",
                    "ordered_at": "2026-11-02 10:00:00",
                },
                {"order_id": "111-2", "status": "cancelled"},
            ],
            "order_lines": [
                {"order_id": "111-1", "line_id": "MUG", "quantity": 2, "unit_price": 20, "line_discount": 2},
                {"order_id": "111-2", "quantity": 0, "unit_price": 0},
            ],
        },
    ),
    "amazon_fulfilled_shipments": (
        "Amazon Fulfilled Shipments",
        [
            {
                "amazon-order-id": "111-1",
                "shipment-id": "SH1",
                "purchase-date": "2026-11-02T10:00:00+00:00",
                "shipment-date": "2026-11-03T10:00:00+00:00",
                "estimated-arrival-date": "2026-11-05T10:00:00+00:00",
                "sku": "MUG",
                "quantity-shipped": "2",
                "item-price": "40.00",
                "currency": "GBP",
                "fulfillment-center-id": "LTN1",
                "carrier": "AMZN_UK",
                "ship-service-level": "Expedited",
                "ship-country": "GB",
            }
        ],
        {
            "shipments": [
                {
                    "shipment_id": "SH1",
                    "order_id": "111-1",
                    "location": "LTN1",
                    "carrier": "AMZN_UK",
                    "shipped_at": "2026-11-03 10:00:00",
                    "promised_delivery_at": "2026-11-05 10:00:00",
                }
            ],
            "orders": [{"order_id": "111-1", "status": "fulfilled"}],
            "order_lines": [{"quantity": 2, "unit_price": 20}],
        },
    ),
    "amazon_unshipped": (
        "Unshipped/actionable",
        [
            {
                "order-id": "111-4",
                "order-item-id": "9",
                "purchase-date": "2026-11-05T10:00:00+00:00",
                "promise-date": "2026-11-07T10:00:00+00:00",
                "ship-country": "GB",
            }
        ],
        {"orders": [{"order_id": "111-4", "status": "open", "promised_ship_at": "2026-11-07 10:00:00"}]},
    ),
    "amazon_date_range": (
        "Date range / unified transaction report, US (7",
        [
            {
                "date/time": "Nov 3, 2026 1:00:00 AM PST",
                "settlement id": "9",
                "type": "Order",
                "order id": "111-1",
                "sku": "MUG",
                "quantity": "2",
                "product sales": "1,040.00",
                "shipping credits": "3.99",
                "promotional rebates": "-2.00",
                "selling fees": "-6.00",
                "fba fees": "-4.5",
            },
            {
                "date/time": "Nov 4, 2026 1:00:00 AM PST",
                "settlement id": "9",
                "type": "Refund",
                "order id": "111-1",
                "sku": "MUG",
                "quantity": "1",
                "product sales": "-20.00",
            },
        ],
        {
            "orders": [{"order_id": "111-1", "shipping_charged": 3.99, "channel_fee": 6, "ordered_at": "2026-11-03 09:00:00"}],
            "order_lines": [{"quantity": 2, "unit_price": 520, "line_discount": 2}],
            "returns": [{"return_id": "111-1-2026-11-04", "quantity": 1, "refund_amount": 20}],
        },
    ),
    "amazon_listings": (
        "Inventory report (amazon.it",
        [{"sku": "MUG", "asin": "B0", "price": "9,99", "quantity": "4"}, {"sku": "FBA", "price": "9,99"}],
        {"inventory": [{"sku": "MUG", "on_hand": 4, "location": "amazon"}]},
    ),
    "shipstation_orders": (
        "Orders grid export",
        [
            {
                "Order #": "#1001",
                "Order Date": "11/02/2026",
                "Ship Date": "11/03/2026",
                "Item SKU": "MUG",
                "Rate": "$7.20",
                "Service": "USPS Priority Mail",
            },
            {"Order #": "1002", "Order Date": "11/02/2026"},
        ],
        {
            "shipments": [
                {
                    "shipment_id": "1001",
                    "order_id": "1001",
                    "carrier": "usps",
                    "service": "USPS Priority Mail",
                    "label_cost": 7.2,
                    "label_created_at": "2026-11-03 00:00:00",
                }
            ]
        },
    ),
    "shiphero_shipments": (
        "Shipments report",
        [
            {
                "Shipping Label ID": "SL1",
                "Order date": "2026-11-02",
                "Warehouse": "East",
                "Carrier": "ups",
                "Shipping Method": "Ground",
                "Label Cost": "16.04",
                "Weight (lb)": "2",
            }
        ],
        {"shipments": [{"shipment_id": "SL1", "order_id": "label SL1", "location": "East", "weight_kg": 0.907185, "label_cost": 16.04}]},
    ),
    "shipbob_shipments": (
        "Invoice detail: Shipments",
        [
            {
                "OrderID": "55",
                "Store OrderID": "#1001",
                "TrackingId": "T1",
                "FC Name": "Cicero",
                "Carrier": "USPS",
                "Carrier Service": "Ground",
                "Zone Used": "4",
                "Actual Weight (Oz)": "16",
                "Original Invoice": "8.10",
                "Label Generation Timestamp": "2026-11-03T10:00:00",
                "Delivered Date": "2026-11-06T10:00:00",
            }
        ],
        {
            "shipments": [
                {
                    "shipment_id": "55",
                    "order_id": "1001",
                    "location": "Cicero",
                    "zone": "4",
                    "weight_kg": 0.453592,
                    "label_cost": 8.1,
                    "delivered_at": "2026-11-06 10:00:00",
                }
            ]
        },
    ),
    "shipbob_extras": (
        "SFTP weekly extras",
        [
            {
                "OrderID": "55",
                "Invoice Number": "B1",
                "Fulfillment without Surcharge": "7.10",
                "Surcharge Applied": "1.00",
                "Original Invoice": "8.10",
                "Insurance Amount": "0",
            }
        ],
        {
            "carrier_charges": [
                {"invoice_id": "B1", "shipment_id": "55", "charge_type": "base", "amount": 7.1},
                {"charge_type": "other", "amount": 1},
            ]
        },
    ),
    "shipbob_returns": (
        "Invoice detail: history_returns",
        [{"Return ID": "R1", "Original Order ID": "55", "Invoice": "3.00", "Invoice Number": "B2", "Invoice Date": "2026-11-06"}],
        {"carrier_charges": [{"invoice_id": "B2", "charge_id": "return-R1", "shipment_id": "55", "charge_type": "other", "amount": 3}]},
    ),
    "pirateship_shipments": (
        "Shipments export",
        [
            {
                "Created Date": "11/03/2026",
                "Tracking Number": "94001",
                "Cost": "$5.10",
                "Status": "Accepted",
                "Weight (oz)": "8",
                "Zone": "3",
                "Carrier": "USPS",
                "Service": "Ground Advantage",
                "Order ID": "#1001",
                "Ship Date": "11/04/2026",
                "Tracking Status": "Delivered",
                "Tracking Date": "11/06/2026",
            },
            {
                "Created Date": "11/03/2026",
                "Tracking Number": "94002",
                "Cost": "$5.10",
                "Status": "Refunded",
                "Carrier": "USPS",
                "Service": "x",
            },
        ],
        {
            "shipments": [
                {
                    "shipment_id": "94001",
                    "order_id": "1001",
                    "carrier": "usps",
                    "weight_kg": 0.226796,
                    "label_cost": 5.1,
                    "delivered_at": "2026-11-06 00:00:00",
                },
                {"shipment_id": "94002", "deleted": True},
            ]
        },
    ),
    "ups_billing": (
        "Billing Center",
        [
            UPS | {"Charge Classification Code": "FRT", "Charge Description": "Ground Residential", "Net Amount": "15.00"},
            UPS | {"Charge Classification Code": "FSC", "Charge Description": "Fuel Surcharge", "Net Amount": "2.10"},
            UPS | {"Charge Classification Code": "ACC", "Charge Description": "Residential Surcharge", "Net Amount": "4.20"},
            UPS | {"Charge Classification Code": "ACC", "Charge Description": "Address Correction Ground", "Net Amount": "1.00"},
            UPS | {"Charge Classification Code": "ACC", "Charge Description": "Large Package Surcharge Resi", "Net Amount": "-1.00"},
            UPS | {"Charge Classification Code": "TAX", "Charge Description": "VAT", "Net Amount": "4.00"},
        ],
        {
            "carrier_charges": [
                {
                    "invoice_id": "INV9",
                    "charge_id": "1",
                    "shipment_id": "1Z1",
                    "charge_type": "base",
                    "amount": 15,
                    "billed_weight_kg": 4.535924,
                },
                {"charge_id": "2", "charge_type": "fuel", "amount": 2.1},
                {"charge_type": "residential", "amount": 4.2},
                {"charge_type": "address_correction", "amount": 1},
                {"charge_type": "dimensional", "amount": -1},
            ]
        },
    ),
    "fedex_invoice": (
        "Billing Online",
        [
            FEDEX
            | {
                "Tracking ID Charge Description": "Fuel Surcharge",
                "Tracking ID Charge Amount": "1.50",
                "Tracking ID Charge Description (2)": "Residential Delivery",
                "Tracking ID Charge Amount (2)": "1.00",
            }
        ],
        {
            "carrier_charges": [
                {"invoice_id": "F1", "shipment_id": "7001", "charge_type": "base", "amount": 12, "billed_weight_kg": 2},
                {"charge_type": "fuel", "amount": 1.5},
                {"charge_type": "residential", "amount": 1},
            ]
        },
    ),
    "bigcommerce_orders": (
        "Orders export (default",
        [
            {
                "Order ID": "77",
                "Order Date": "13/11/2026",
                "Order Status": "Completed",
                "Subtotal (ex tax)": "25.50",
                "Shipping Cost (ex tax)": "4.00",
                "Order Currency Code": "GBP",
                "Product Details": BIG,
                "Shipping Country": "United Kingdom",
            }
        ],
        {
            "orders": [
                {
                    "order_id": "77",
                    "status": "fulfilled",
                    "shipping_charged": 4,
                    "ordered_at": "2026-11-13 00:00:00",
                    "order_discount": None,
                }
            ],
            "order_lines": [
                {"line_id": "1", "sku": "MUG", "quantity": 2, "unit_price": 10},
                {"line_id": "2", "sku": "8", "quantity": 1, "unit_price": 5.5},
            ],
        },
    ),
    "ebay_orders": (
        "Orders report (Seller Hub)",
        [
            {
                "Sales Record Number": "1",
                "Order Number": "01-1",
                "Item Number": "33",
                "Custom Label": "MUG",
                "Quantity": "2",
                "Sold For": "£10.00",
                "Shipping And Handling": "£3.00",
                "Sale Date": "Nov-03-26",
                "Shipped On Date": "Nov-04-26",
                "Ship By Date": "Nov-05-26",
                "Shipping Service": "Royal Mail 48",
                "Tracking Number": "RM1",
                "Transaction ID": "T9",
            }
        ],
        {
            "orders": [
                {"order_id": "01-1", "channel": "ebay", "status": "fulfilled", "shipping_charged": 3, "ordered_at": "2026-11-03 00:00:00"}
            ],
            "order_lines": [{"line_id": "T9", "sku": "MUG", "quantity": 2, "unit_price": 10}],
            "shipments": [{"shipment_id": "RM1", "order_id": "01-1", "carrier": "royal", "shipped_at": "2026-11-04 00:00:00"}],
        },
    ),
    "etsy_order_items": (
        "Sold order items",
        [
            {
                "Sale Date": "11/03/26",
                "Order ID": "5",
                "Transaction ID": "T1",
                "Listing ID": "L1",
                "Quantity": "1",
                "Price": "12.00",
                "Discount Amount": "1.20",
                "Order Shipping": "3.50",
                "Shipping Discount": "0.50",
                "Currency": "GBP",
                "Date Shipped": "11/04/2026",
                "SKU": "MUG",
            }
        ],
        {
            "orders": [
                {"order_id": "5", "channel": "etsy", "status": "fulfilled", "shipping_charged": 3, "ordered_at": "2026-11-03 00:00:00"}
            ],
            "order_lines": [{"line_id": "T1", "sku": "MUG", "unit_price": 12, "line_discount": 1.2}],
        },
    ),
    "magento_orders": (
        "Orders grid export (sales",
        [
            {
                "ID": "000000007",
                "Purchase Date": "Nov 3, 2026 10:00:00 AM",
                "Status": "Complete",
                "Subtotal": "20",
                "Shipping and Handling": "$5.00",
            },
            {"ID": "000000008", "Purchase Date": "Nov 3, 2026 10:00:00 AM", "Status": "canceled"},
        ],
        {
            "orders": [
                {"order_id": "000000007", "status": "fulfilled", "shipping_charged": 5, "ordered_at": "2026-11-03 10:00:00"},
                {"order_id": "000000008", "status": "cancelled"},
            ]
        },
    ),
    "magento_catalog": (
        "Catalog export",
        [
            {
                "sku": "MUG",
                "name": "Mug",
                "attribute_set_code": "Gear",
                "product_type": "simple",
                "product_online": "1",
                "qty": "6",
                "categories": "Default/Kitchen/Mugs",
            },
            {"sku": "SET", "product_type": "configurable"},
        ],
        {
            "products": [{"sku": "MUG", "family": "Gear", "category": "Mugs", "status": "active"}],
            "inventory": [{"sku": "MUG", "on_hand": 6, "system": "shop"}],
        },
    ),
    "woocommerce_products": (
        "Product CSV export",
        [
            {
                "ID": "1",
                "Type": "simple",
                "SKU": "MUG",
                "Name": "Mug",
                "Stock": "6",
                "Weight (lbs)": "2",
                "Length (in)": "10",
                "Categories": "Kitchen > Mugs",
            },
            {"ID": "2", "Type": "variable", "SKU": "SET"},
        ],
        {
            "products": [{"sku": "MUG", "weight_kg": 0.907185, "length_cm": 25.4, "category": "Mugs", "family": "Kitchen"}],
            "inventory": [{"sku": "MUG", "on_hand": 6}],
        },
    ),
    "quickbooks_items": (
        "Item list",
        [
            {"Active Status": "Active", "Type": "Inventory Part", "Item": "MUG", "Cost": "3.10", "Quantity On Hand": "9"},
            {"Active Status": "Active", "Type": "Service", "Item": "Setup"},
        ],
        {"products": [{"sku": "MUG", "unit_cost": 3.1, "status": "active"}], "inventory": [{"sku": "MUG", "on_hand": 9, "system": "erp"}]},
    ),
    "netsuite_items": (
        ["Internal ID", "Name", "Display Name", "Type", "Average Cost", "Inactive", "Inventory Location", "Location On Hand"],
        [
            {
                "Internal ID": "1",
                "Name": "MUG",
                "Average Cost": "3.10",
                "Inactive": "No",
                "Inventory Location": "East",
                "Location On Hand": "4",
            },
            {
                "Internal ID": "1",
                "Name": "MUG",
                "Average Cost": "3.10",
                "Inactive": "No",
                "Inventory Location": "West",
                "Location On Hand": "5",
            },
        ],
        {
            "products": [{"sku": "MUG", "unit_cost": 3.1, "status": "active"}],
            "inventory": [{"location": "East", "on_hand": 4}, {"location": "West", "on_hand": 5}],
        },
    ),
    "returns_desk": (
        ["Return ID", "Order Name", "SKU", "Quantity", "Return Reason", "Created At", "Refund Amount", "Email", "Customer Name"],
        [
            {
                "Return ID": "R1",
                "Order Name": "#1001",
                "SKU": "MUG",
                "Quantity": "1",
                "Return Reason": "Too big",
                "Created At": "2026-11-05T10:00:00",
                "Refund Amount": "£12.00",
            }
        ],
        {"returns": [{"return_id": "R1", "line_no": "1", "order_id": "1001", "reason_code": "too_large", "refund_amount": 12}]},
    ),
    "wms_receipts": (
        ["PO Number", "SKU", "Qty Ordered", "Qty Received", "PO Date", "Expected Date", "Received Date", "Supplier", "Status", "Unit Cost"],
        [
            {
                "PO Number": "P1",
                "SKU": "MUG",
                "Qty Ordered": "100",
                "Qty Received": "90",
                "PO Date": "2026-10-01",
                "Expected Date": "2026-11-01",
                "Received Date": "2026-11-03",
                "Supplier": "Acme",
                "Status": "Closed",
                "Unit Cost": "3.10",
            }
        ],
        {
            "inbound": [
                {
                    "document_id": "P1",
                    "line_id": "1",
                    "kind": "purchase",
                    "quantity_ordered": 100,
                    "quantity_received": 90,
                    "closed": True,
                    "arrived_at": "2026-11-03 00:00:00",
                }
            ]
        },
    ),
    "wms_picks": (
        ["Order Number", "SKU", "Qty Picked", "Picked At", "Picker", "Warehouse"],
        [
            {
                "Order Number": "#1001",
                "SKU": "MUG",
                "Qty Picked": "2",
                "Picked At": "2026-11-03T10:00:00",
                "Picker": "p",
                "Warehouse": "East",
            }
        ],
        {"picks": [{"pick_id": "1001-1", "order_id": "1001", "line_id": "1", "quantity": 2, "location": "East"}]},
    ),
    "plan_wide": (
        ["SKU", "Channel", "2026-W46", "2026-W47"],
        [{"SKU": "MUG", "2026-W46": "10", "2026-W47": "1,200"}, {"SKU": "CUP", "2026-W47": "5"}],
        {
            "demand_plan": [
                {"sku": "MUG", "target_date": "2026-11-09", "planned_units": 10, "period_days": 7, "plan_date": "2026-11-02"},
                {"sku": "MUG", "target_date": "2026-11-16", "planned_units": 1200},
                {"sku": "CUP", "target_date": "2026-11-16", "planned_units": 5},
            ]
        },
    ),
    "plan_long": (
        ["SKU", "Week", "Forecast"],
        [{"SKU": "MUG", "Week": "2026-W46", "Forecast": "10"}, {"SKU": "MUG", "Week": "2026-11-16", "Forecast": "12"}],
        {"demand_plan": [{"target_date": "2026-11-09", "planned_units": 10}, {"target_date": "2026-11-16", "planned_units": 12}]},
    ),
    "woocommerce_orders": (
        [
            "order_id",
            "order_number",
            "order_date",
            "status",
            "shipping_total",
            "order_total",
            "order_currency",
            "billing_email",
            "shipping_country",
            "shipping_postcode",
            "line_item_1",
            "line_item_2",
        ],
        [
            {
                "order_id": "7",
                "order_number": "1007",
                "order_date": "2026-11-03 10:00:00",
                "status": "completed",
                "shipping_total": "4.00",
                "order_total": "30.00",
                "order_currency": "GBP",
                "shipping_country": "GB",
                "line_item_1": "name:Mug|product_id:12|sku:MUG|quantity:2|total:18.00|sub_total:20.00",
                "line_item_2": "name:Cup|product_id:13|sku:|quantity:1|total:5.50|sub_total:5.50",
            }
        ],
        {
            "orders": [{"order_id": "1007", "status": "fulfilled", "shipping_charged": 4, "currency": "GBP"}],
            "order_lines": [
                {"line_id": "1", "sku": "MUG", "quantity": 2, "unit_price": 10, "line_discount": 2},
                {"line_id": "2", "sku": "13", "quantity": 1, "unit_price": 5.5, "line_discount": 0},
            ],
        },
    ),
    "woocommerce_order_items": (
        [
            "Order Number",
            "Order Status",
            "Order Date",
            "Customer Note",
            "First Name (Billing)",
            "Email (Billing)",
            "Country Code (Shipping)",
            "Postcode (Shipping)",
            "Item #",
            "SKU",
            "Quantity (- Refund)",
            "Item Cost",
            "Cart Discount Amount",
            "Order Shipping Amount",
        ],
        [
            {
                "Order Number": "8",
                "Order Status": "Processing",
                "Order Date": "2026-11-03 10:00",
                "Item #": "1",
                "SKU": "MUG",
                "Quantity (- Refund)": "2",
                "Item Cost": "10",
                "Cart Discount Amount": "1.50",
                "Order Shipping Amount": "4.00",
            },
            {
                "Order Number": "8",
                "Order Status": "Processing",
                "Order Date": "2026-11-03 10:00",
                "Item #": "2",
                "SKU": "CUP",
                "Quantity (- Refund)": "1",
                "Item Cost": "5",
            },
        ],
        {
            "orders": [{"order_id": "8", "status": "open", "order_discount": 1.5, "shipping_charged": 4}],
            "order_lines": [{"line_id": "1", "sku": "MUG", "quantity": 2, "unit_price": 10}, {"line_id": "2", "sku": "CUP"}],
        },
    ),
}
