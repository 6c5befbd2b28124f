"""The oracle gives what was worked out by hand; so does the product (test_against_oracle.py)."""

import hand
import oracle
import pytest
from answers import check


@pytest.mark.parametrize("case", hand.all_cases(), ids=str)
def test_by_hand(case, tmp_path):
    week = hand.write_case(case, tmp_path)
    known = oracle.read(tmp_path, week, case.parsed_settings)
    if case.kpi == "leak":
        found = oracle.amount(known, case.grain, case.key), None, None
    elif case.kpi == "order_margin":
        lines = {f"{r.order_id}/{r.line_id}": r for r in oracle.order_margin(known)}
        found = lines[case.key][case.grain], None, None
    else:
        table = oracle.kpis(known).set_index(["kpi", "grain", "key"])
        found = tuple(table.loc[(case.kpi, case.grain, case.key)]) if (case.kpi, case.grain, case.key) in table.index else (None,) * 3
    check(case, *found)
