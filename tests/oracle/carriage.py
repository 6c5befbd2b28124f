"""Carriage: billed against its price, and parcels that another service would have brought in time (docs/checks.md, Carriage)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from statistics import fmean, median

from .margin import order_margin, ticket_cost, weight
from .read import Known, Row, inside, once
from .sales import lines, orders
from .shipping import shipment_cost

BANDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


@once
def parcels(known: Known) -> list[Row]:
    """Shipments of orders not cancelled, with `ours`: the larger of the declared weight and of what the products come to."""
    of_order, goods = defaultdict(list), defaultdict(list)
    mine = [s for s in known["shipments"] if not (s.order_id in orders(known) and orders(known)[s.order_id].cancelled)]
    for s in mine:
        of_order[s.order_id].append(s)
    for x in lines(known):
        w = weight(known, x.sku)
        goods[x.order_id].append(None if w is None else x.units * w)
    found = []
    for s in mine:
        kg = goods.get(s.order_id)
        kg = sum(kg) if kg and None not in kg and len(of_order[s.order_id]) == 1 else None
        found.append(
            Row(s, ours=max((w for w in (s.weight_kg, kg) if w is not None), default=None), service_key=f"{s.carrier}/{s.service}")
        )
    return found


def card(known: Known, s: Row, carrier: str, service: str, kg: float | None) -> float | None:
    """The rate of the card's version of that day, for the least weight that holds the parcel."""
    if kg is None:
        return None
    rates = [r for r in known["carrier_rates"] if (r.carrier, r.service, r.zone) == (carrier, service, s.zone)]
    since = [r.valid_from or date.min for r in rates if (r.valid_from or date.min) <= s.label_created_at_local.date()]
    fits = [r for r in rates if since and (r.valid_from or date.min) == max(since) and kg <= r.max_weight_kg]
    return min(fits, key=lambda r: r.max_weight_kg).cost if fits else None


@once
def billed(known: Known) -> list[Row]:
    """Parcels whose carriage (base) was invoiced in T91: billed, the fair weight's rate or the label, in W or before."""
    limits, t91 = known.settings.checks["carrier_overcharge"], known.trailing(91)
    of = defaultdict(list)
    for c in known["carrier_charges"]:
        if c.charge_type == "base" and inside(c.invoiced_on, t91):
            of[c.shipment_id].append(c)
    found = []
    for s in parcels(known):
        own = of.get(s.shipment_id)
        if not own:
            continue
        row = Row(s, billed=max(c.amount for c in own) + sum(c.amount for c in own if c.amount < 0))
        row.billed_kg = max((c.billed_weight_kg for c in own if c.billed_weight_kg is not None), default=None)
        row.in_week = inside(max(c.invoiced_on for c in own), known.week.window)
        row.reweighed = None not in (row.billed_kg, s.ours) and row.billed_kg > s.ours * (1 + limits["weight_share"]) + limits["weight_kg"]
        fair = s.ours if row.reweighed or row.billed_kg is None else row.billed_kg
        rate = card(known, s, s.carrier, s.service, fair)
        row.by_card, row.basis = rate is not None, rate if rate is not None else s.label_cost
        found.append(row)
    return found


def overcharges(known: Known) -> list[Row]:
    limits, groups, found = known.settings.checks["carrier_overcharge"], defaultdict(list), []
    for r in billed(known):
        if not r.in_week and not r.reweighed and (r.basis or 0) > 0:
            groups[r.carrier, r.service, r.by_card].append(r.billed / r.basis)
    services = defaultdict(list)
    for r in billed(known):
        usual = groups[r.carrier, r.service, r.by_card]
        usual = median(usual) if len(usual) >= 30 else 1.0 if r.by_card else None
        if r.in_week and usual is not None and r.basis is not None:
            services[r.carrier, r.service].append(Row(r, expected=r.basis * usual))
    for (carrier, service), own in services.items():
        over = [r.billed - r.expected for r in own]
        above = [o for o, r in zip(over, own, strict=True) if o > limits["amount"] and o > limits["share"] * r.expected]
        found.append(
            Row(carrier=carrier, service=service, parcels=len(own), billed=sum(r.billed for r in own),
                expected=sum(r.expected for r in own), above=len(above), over=sum(above))
        )  # fmt: skip
    return found


def carried(known: Known, days: int) -> list[Row]:
    """Parcels handed over in the trailing days with a zone and a promise to deliver."""
    found = []
    for s in parcels(known):
        if inside(s.shipped_at_local, known.trailing(days)) and s.zone is not None and s.promised_delivery_at is not None:
            row = Row(s, cost=shipment_cost(known, s)[0], day=s.shipped_at_local.date())
            row.band = 0.0 if s.ours is None else next((kg for kg in BANDS if s.ours <= kg), 1000.0)
            due = (s.promised_ship_at_local or s.label_created_at_local).date()
            row.promise = (s.promised_delivery_at_local.date() - due).days
            row.room = (s.promised_delivery_at_local.date() - row.day).days
            row.took = (s.delivered_at_local.date() - row.day).days if s.delivered_at is not None else None
            if s.delivered_at is not None:
                row.kept = s.delivered_at <= s.promised_delivery_at
            else:
                row.kept = False if s.promised_delivery_at < known.week.as_of(known.settings.timezone).replace(tzinfo=None) else None
            found.append(row)
    return found


@once
def history(known: Known) -> list[Row]:
    return carried(known, 91)


def late_order_costs(known: Known) -> float:
    """What a late order costs more than another on average over T91: tickets, refunds, and the margin of the more often cancelled."""
    t91, as_of = known.trailing(91), known.week.as_of(known.settings.timezone).replace(tzinfo=None)
    told, repaid, sent = defaultdict(float), defaultdict(float), defaultdict(list)
    for ticket in known["support_tickets"]:
        told[ticket.order_id] += ticket_cost(known, ticket)
    for r in known["returns"]:
        repaid[r.order_id] += r.refund_amount or 0
    for s in known["shipments"]:
        sent[s.order_id].append(s)
    groups = {True: [], False: []}
    for o in known["orders"]:
        if not inside(o.day, t91):
            continue
        own = sent[o.order_id]
        promises = [s.promised_ship_at for s in own if s.promised_ship_at is not None]
        first = min(promises, default=o.promised_ship_at)
        if o.cancelled and not (o.cancelled_at is not None and first is not None and o.cancelled_at > first):
            continue
        if own:
            late = any(
                s.promised_ship_at is not None
                and s.promised_ship_at < as_of
                and (s.shipped_at is None or s.shipped_at > s.promised_ship_at)
                for s in own
            )
        else:
            late = o.promised_ship_at is not None and o.promised_ship_at < as_of
        groups[late].append((told[o.order_id], repaid[o.order_id] * o.rate, float(o.cancelled)))
    if not all(groups.values()):
        return 0.0
    more = [fmean(x[i] for x in groups[True]) - fmean(x[i] for x in groups[False]) for i in range(3)]
    rows = order_margin(known, known.trailing(28))
    margin = sum(r.contribution_margin or 0 for r in rows) / len({r.order_id for r in rows})
    return max(0.0, more[0] + more[1] + more[2] * max(0.0, margin))


def carrier_mix(known: Known) -> list[Row]:
    """A profile (zone, band, promise) of T28: what it cost, and the other service that saves most after what its later parcels cost."""
    past, now = history(known), carried(known, 28)
    transit, ways, costs, on_card = defaultdict(list), defaultdict(int), defaultdict(list), defaultdict(lambda: [0.0, 0.0])
    for s in past:
        if s.kept is not None:
            transit[s.service_key, s.zone, s.day.weekday()].append(s.took)
            ways[s.service_key, s.zone] += 1
        if s.cost > 0:  # one that nobody has priced yet says nothing of its price
            costs[s.service_key, s.zone, s.band].append(s.cost)
        rate = card(known, s, s.carrier, s.service, s.ours)
        if rate is not None and rate > 0 and s.cost > 0:
            on_card[s.service_key][0] += s.cost
            on_card[s.service_key][1] += rate
    told = [s.kept for s in past if s.kept is not None]
    allowed = sum(told) / len(told) - known.settings.checks["carrier_mix"]["late"] if told else None
    services = {s.service_key: (s.carrier, s.service) for s in past}
    late_costs = late_order_costs(known)
    profiles = defaultdict(list)
    for s in now:
        profiles[s.zone, s.band, s.promise].append(s)
    found = []
    for (zone, band, promise), own in profiles.items():
        row = Row(zone=zone, band=band, promise=promise, parcels=len(own), cost=sum(s.cost for s in own), other=None, net=None)
        row.saving = row.late = row.risk = row.other_kept = None
        kept = [s.kept for s in own if s.kept is not None]
        row.kept = sum(kept) / len(kept) if kept else None
        best = None
        for other, (carrier, service) in sorted(services.items()):
            if ways[other, zone] < 30:
                continue
            moved, cost, other_cost, keep, now_kept = 0, 0.0, 0.0, 0.0, []
            for used in {s.service_key for s in own} - {other}:
                part = []
                for s in own:
                    took = transit.get((other, zone, s.day.weekday()), [])
                    ratio = on_card[other][0] / on_card[other][1] if on_card[other][1] else 1.0
                    rate = card(known, s, carrier, service, s.ours)
                    means = costs[other, zone, band]
                    its = rate * ratio if rate is not None else fmean(means) if len(means) >= 5 else None
                    if s.service_key == used and len(took) >= 5 and its is not None and s.cost > 0:
                        part.append((s, its, sum(1 for t in took if t is not None and t <= s.room) / len(took)))
                if part and sum(s.cost for s, _, _ in part) > sum(its for _, its, _ in part):
                    moved += len(part)
                    cost += sum(s.cost for s, _, _ in part)
                    other_cost += sum(its for _, its, _ in part)
                    keep += sum(k for _, _, k in part)
                    said = [s.kept for s, _, _ in part if s.kept is not None]
                    if said:
                        now_kept.append(sum(said) / len(said) * len(part))
            if not moved or allowed is None or keep / moved < allowed:
                continue
            saving = (cost - other_cost) / 4
            late = max(0.0, (sum(now_kept) if now_kept else moved) - keep) / 4
            net = saving - late * late_costs
            if net > 0 and (best is None or net > best.net):
                best = Row(other=other, moved=moved, other_kept=keep / moved, saving=saving, late=late, risk=late * late_costs, net=net)
        found.append(Row(row | (best or {})))
    return found
