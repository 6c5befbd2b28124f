-- Order-level contribution margin as docs/kpis.md defines it, as an analyst would write it for DuckDB: one statement, over the tables of
-- the exports as they stand. $as_of, $first and $last (the window), $end (the day of as_of) and the costs of review.toml are given as macros;
-- every table is a view of the rows that stand and had happened. Orders are in one currency. benchmarks/order_margin.py runs it.
WITH sold AS (
    SELECT order_id, channel, ordered_at_local::DATE AS day, payment_fee, channel_fee,
        coalesce(shipping_charged, 0) - coalesce(order_discount, 0) AS extra
    FROM orders WHERE NOT (status = 'cancelled' AND (cancelled_at IS NULL OR cancelled_at < as_of()))
),
priced AS (  -- a line sold, its base and weight, and those of its order
    SELECT order_id, line_id, sku, channel, day, payment_fee, channel_fee, extra, units, base, unit_cost, packaging_cost, kg,
        coalesce(family, '(unknown)') AS family,
        sum(greatest(base, 0)) OVER w AS order_base, sum(units) OVER w AS order_units, count(*) OVER w AS order_lines,
        sum(greatest(kg, 0)) OVER w AS order_kg, count(kg) OVER w AS order_weighed
    FROM (
        SELECT l.order_id, l.line_id, l.sku, o.channel, o.day, o.payment_fee, o.channel_fee, o.extra, p.family, p.unit_cost, p.packaging_cost,
            greatest(l.quantity - coalesce(l.cancelled_quantity, 0), 0) AS units,
            units * l.unit_price - coalesce(l.line_discount, 0) AS base,
            CASE WHEN p.weight_kg IS NOT NULL
                THEN units * greatest(p.weight_kg, p.length_cm * p.width_cm * p.height_cm / 5000) END AS kg
        FROM order_lines AS l JOIN sold AS o USING (order_id) LEFT JOIN products AS p USING (sku)
    )
    WINDOW w AS (PARTITION BY order_id)
),
revenue AS (
    SELECT *, CASE WHEN order_units > 0 THEN units / order_units ELSE 1 / order_lines END AS by_units,
        base + extra * CASE WHEN order_base > 0 THEN greatest(base, 0) / order_base ELSE by_units END AS net_revenue
    FROM priced
),
lines AS (  -- the lines of the window
    SELECT *, CASE WHEN order_net > 0 THEN greatest(net_revenue, 0) / order_net ELSE by_units END AS by_net,
        CASE WHEN order_weighed = order_lines AND order_kg > 0 THEN greatest(kg, 0) / order_kg ELSE by_units END AS by_weight
    FROM (
        SELECT *, sum(greatest(net_revenue, 0)) OVER (PARTITION BY order_id) AS order_net
        FROM revenue WHERE day >= first_day() AND day < last_day()
    )
),
-- shipping
charged AS (
    SELECT shipment_id, sum(amount) AS charged, min(invoiced_on) + 14 AS complete_on, complete_on <= end_day() AS complete
    FROM carrier_charges GROUP BY shipment_id
),
parcels AS (
    SELECT s.order_id, s.carrier, s.service, s.label_cost, s.location, s.label_created_at, s.shipment_id, c.charged, c.complete, c.complete_on
    FROM shipments AS s LEFT JOIN charged AS c USING (shipment_id)
),
ratios AS (
    SELECT carrier, service, sum(charged) / sum(label_cost) AS ratio
    FROM parcels WHERE complete AND complete_on >= end_day() - 91 GROUP BY ALL HAVING sum(label_cost) > 0
),
sent AS (
    SELECT order_id, bool_and(coalesce(complete, false)) AS invoiced, bool_and(charged IS NULL AND label_cost IS NULL) AS unpriced,
        arg_min(location, (label_created_at, shipment_id)) AS sent_from,
        sum(CASE WHEN complete THEN charged WHEN charged IS NOT NULL THEN greatest(charged, estimate) ELSE estimate END) AS sent_for
    FROM (
        SELECT p.*, coalesce(label_cost, 0) * coalesce(ratio, 1) AS estimate
        FROM parcels AS p LEFT JOIN ratios AS r ON r.carrier = p.carrier AND r.service = p.service
    )
    GROUP BY order_id
),
usual AS (
    SELECT channel, avg(sent_for) AS shipping FROM sold JOIN sent USING (order_id)
    WHERE day >= end_day() - 28 AND day < end_day() GROUP BY GROUPING SETS ((channel), ())
),
-- pick and pack
crew AS (
    SELECT location, sum(cost) AS cost, sum(hours) AS hours FROM (
        SELECT *, bool_or(hour IS NOT NULL) OVER (PARTITION BY work_date, location, role) AS hourly FROM labor
        WHERE work_date >= first_day() AND work_date < last_day() AND role IN ('pick', 'pack')
    ) WHERE hour IS NOT NULL OR NOT hourly GROUP BY location
),
handled AS (  -- a line and location
    SELECT order_id, line_id, location, max(picked_at) AS latest,
        sum(quantity) FILTER (inside) AS quantity, sum(coalesce(rework_minutes, 0)) FILTER (inside) AS minutes
    FROM (SELECT *, picked_at_local::DATE >= first_day() AND picked_at_local::DATE < last_day() AS inside FROM picks)
    GROUP BY order_id, line_id, location
),
places AS (
    SELECT location, per_minute, half, n, units, half / nullif(n, 0) AS per_line, half / nullif(units, 0) AS per_unit FROM (
        SELECT location, n, units, coalesce(cost / nullif(hours, 0) / 60, minute) AS per_minute, (cost - minutes * per_minute) / 2 AS half
        FROM crew JOIN (
            SELECT location, count(*) AS n, sum(quantity) AS units, sum(minutes) AS minutes FROM handled WHERE quantity IS NOT NULL GROUP BY 1
        ) USING (location), (SELECT sum(cost) / sum(hours) / 60 AS minute FROM crew)
    )
),
mean AS (
    SELECT sum(half) / sum(n) AS per_line, sum(half) / sum(units) AS per_unit,
        (SELECT sum(cost) / sum(hours) / 60 FROM crew) AS per_minute
    FROM places
),
picked AS (  -- a line
    SELECT order_id, line_id, arg_max(h.location, latest) AS picked_at,
        sum(minutes * coalesce(p.per_minute, m.per_minute)) AS rework,
        sum(coalesce(p.per_line, m.per_line) + quantity * coalesce(p.per_unit, m.per_unit)) AS borne
    FROM handled AS h LEFT JOIN places AS p USING (location), mean AS m GROUP BY order_id, line_id
),
-- support
helped AS (
    SELECT order_id, sum(coalesce(cost, handle_minutes * support_per_minute(), 0)) AS tickets
    FROM support_tickets WHERE order_id IS NOT NULL GROUP BY order_id
),
expected AS (
    SELECT channel, sum(coalesce(tickets, 0)) / count(*) AS tickets FROM sold LEFT JOIN helped USING (order_id)
    WHERE day >= tickets_end() - 56 AND day < tickets_end() - 28 GROUP BY channel
),
-- returns
cohort AS (
    SELECT order_id, line_id, sku, family, channel, units, net_revenue
    FROM revenue WHERE day >= returns_end() - 84 AND day < returns_end() - 28
),
back AS (
    SELECT r.order_id, coalesce(r.line_id, f.line_id) AS line_id, r.quantity, r.disposition IN ('restock', 'refurbish', 'liquidate', 'write_off') AS final,
        coalesce(refund_amount, 0) + coalesce(reverse_shipping_cost, 0) + coalesce(handling_cost, 0) AS paid,
        CASE WHEN r.disposition = 'restock' THEN r.quantity * coalesce(unit_cost, 0) ELSE coalesce(recovered_value, 0) END AS got_back
    FROM returns AS r LEFT JOIN products USING (sku)
    LEFT JOIN (
        SELECT order_id, sku, min(line_id) AS line_id FROM order_lines
        WHERE order_id IN (SELECT order_id FROM returns WHERE line_id IS NULL) GROUP BY ALL
    ) AS f ON f.order_id = r.order_id AND f.sku = r.sku
),
cohort_back AS (SELECT b.* FROM back AS b JOIN cohort USING (order_id, line_id)),
lost AS (
    SELECT order_id, line_id, sum(paid - CASE WHEN final THEN got_back ELSE quantity * usual END) AS cost
    FROM cohort_back, (SELECT coalesce(sum(got_back) / sum(quantity), 0) AS usual FROM cohort_back WHERE final) GROUP BY order_id, line_id
),
reserve AS (
    SELECT sku, family, channel, sum(coalesce(cost, 0)) / sum(net_revenue) AS rate,
        CASE WHEN GROUPING(channel) = 1 THEN 'all' WHEN GROUPING(sku) = 0 THEN 'sku' WHEN GROUPING(family) = 0 THEN 'family' ELSE 'channel' END AS level
    FROM cohort LEFT JOIN lost USING (order_id, line_id)
    GROUP BY GROUPING SETS ((sku, channel), (family, channel), (channel), ())
    HAVING sum(net_revenue) > 0 AND (sum(units) >= 30 OR GROUPING(channel) = 1)
),
costs AS (
    SELECT l.*, s.unpriced, l.units * unit_cost AS cost_of_goods, l.units * coalesce(packaging_cost, 0) AS packaging,
        by_weight * coalesce(sent_for, u.shipping, (SELECT shipping FROM usual WHERE channel IS NULL), shipping_per_order()) AS shipping,
        borne, coalesce(rework, 0) AS reworked,
        coalesce(borne, coalesce(w.per_line, mean.per_line) + l.units * coalesce(w.per_unit, mean.per_unit)) + reworked AS pick_pack,
        CASE WHEN payment_fee IS NOT NULL THEN payment_fee * by_net ELSE payment_rate() * net_revenue + payment_fixed() * by_net END AS payment,
        CASE WHEN channel_fee IS NOT NULL THEN channel_fee * by_net ELSE channel_rate(l.channel) * net_revenue END AS channel_fees,
        coalesce(h.tickets, 0) AS own, by_units * greatest(own, coalesce(e.tickets, 0)) AS support,
        net_revenue * coalesce(r1.rate, r2.rate, r3.rate, (SELECT rate FROM reserve WHERE level = 'all'), 0) AS returns_reserve,
        CASE WHEN s.invoiced THEN 'invoiced' WHEN sent_for IS NOT NULL THEN 'label' ELSE 'accrued' END AS shipping_provenance
    FROM lines AS l
    LEFT JOIN sent AS s ON s.order_id = l.order_id
    LEFT JOIN usual AS u ON u.channel = l.channel
    LEFT JOIN picked AS p ON p.order_id = l.order_id AND p.line_id = l.line_id
    LEFT JOIN places AS w ON w.location = coalesce(p.picked_at, s.sent_from)
    LEFT JOIN helped AS h ON h.order_id = l.order_id
    LEFT JOIN expected AS e ON e.channel = l.channel
    LEFT JOIN reserve AS r1 ON r1.level = 'sku' AND r1.sku = l.sku AND r1.channel = l.channel
    LEFT JOIN reserve AS r2 ON r2.level = 'family' AND r2.family = l.family AND r2.channel = l.channel
    LEFT JOIN reserve AS r3 ON r3.level = 'channel' AND r3.channel = l.channel
    CROSS JOIN mean
),
parts AS (  -- of each cost what stands on the whole order, what on the line
    SELECT *, order_lines = 1 AS alone,
        CASE WHEN shipping_provenance = 'invoiced' THEN shipping ELSE 0 END AS invoice,
        CASE WHEN shipping_provenance = 'label' THEN shipping ELSE 0 END AS label,
        CASE WHEN shipping_provenance = 'accrued' THEN shipping ELSE 0 END AS shipping_accrued,
        CASE WHEN borne IS NULL THEN pick_pack - reworked ELSE 0 END AS pick_pack_accrued, pick_pack - reworked - pick_pack_accrued AS pool,
        CASE WHEN payment_fee IS NOT NULL THEN payment ELSE 0 END AS fee,
        CASE WHEN payment_fee IS NULL THEN payment_rate() * net_revenue ELSE 0 END AS rated,
        CASE WHEN payment_fee IS NULL THEN payment_fixed() * by_net ELSE 0 END AS fixed,
        CASE WHEN channel_fee IS NOT NULL THEN channel_fees ELSE 0 END AS commission, channel_fees - commission AS commission_rated,
        by_units * own AS ticketed, support - ticketed AS support_accrued
    FROM costs
)
SELECT order_id, line_id, sku, family, channel, units, net_revenue, cost_of_goods, net_revenue - cost_of_goods AS gross_margin, packaging,
    shipping, pick_pack, payment, channel_fees, support, returns_reserve,
    gross_margin - (packaging + shipping + pick_pack + payment + channel_fees + support + returns_reserve) AS contribution_margin,
    shipping_provenance,
    CASE WHEN unit_cost IS NULL THEN 'missing' ELSE 'contracted' END AS cost_of_goods_kind,
    CASE WHEN packaging_cost IS NULL THEN 'missing' ELSE 'contracted' END AS packaging_kind,
    CASE WHEN unpriced AND shipping = 0 THEN 'missing' WHEN shipping = 0 THEN 'measured' WHEN shipping_provenance = 'accrued' THEN 'accrued'
        WHEN NOT alone THEN 'allocated' WHEN shipping_provenance = 'invoiced' THEN 'measured' ELSE 'contracted' END AS shipping_kind,
    CASE WHEN abs(reworked) >= greatest(abs(pick_pack_accrued), abs(pool)) THEN 'measured'
        WHEN abs(pick_pack_accrued) >= abs(pool) THEN 'accrued' ELSE 'allocated' END AS pick_pack_kind,
    CASE WHEN payment_fee IS NOT NULL THEN CASE WHEN alone OR payment = 0 THEN 'measured' ELSE 'allocated' END
        WHEN alone OR abs(rated) >= abs(fixed) THEN 'contracted' ELSE 'allocated' END AS payment_kind,
    CASE WHEN channel_fee IS NULL THEN 'contracted' WHEN alone OR channel_fees = 0 THEN 'measured' ELSE 'allocated' END AS channel_fees_kind,
    CASE WHEN support = 0 OR (alone AND abs(ticketed) >= abs(support_accrued)) THEN 'measured'
        WHEN alone OR abs(support_accrued) >= abs(ticketed) THEN 'accrued' ELSE 'allocated' END AS support_kind,
    'accrued' AS returns_reserve_kind,
    reworked + CASE WHEN alone THEN invoice + fee + commission + ticketed ELSE 0 END AS measured,
    packaging + rated + commission_rated + CASE WHEN alone THEN label + fixed ELSE 0 END AS contracted,
    shipping_accrued + pick_pack_accrued + support_accrued + returns_reserve AS accrued,
    pool + CASE WHEN alone THEN 0 ELSE invoice + fee + commission + ticketed + label + fixed END AS allocated
FROM parts
ORDER BY order_id, line_id
