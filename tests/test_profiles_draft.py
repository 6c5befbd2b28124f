"""`opsreview profile`: a draft that can be finished and works, and what each column of a file became, personal values masked."""

from __future__ import annotations

import pytest
from opsreview.cli import app
from opsreview.intake.draft import MASK, draft, show
from opsreview.intake.profile import ProfileError, parse, shipped
from opsreview.weeks import Week
from test_profiles import SECOND, SHOPIFY, vendor
from typer.testing import CliRunner

WEEK = Week.parse("2026-W45")
STRANGE = {"Dispatch No": "D1", "Order Number": "1001", "Depot": "North", "Carrier": "dpd", "Shipping Method": "Next day",
           "Label Date": "3/11/2026", "Weight (oz)": "16", "Shipping Cost": "4.20", "Consignee": "x@quillfeather.example",
           "Buyer Name": "Zebediah"}  # fmt: skip


@pytest.fixture
def strange(tmp_path):
    path = tmp_path / "acme wms.csv"
    path.write_text(vendor([STRANGE, STRANGE | {"Dispatch No": "D2", "Label Date": "14/11/2026"}], ";"), encoding="utf-8")
    return path


def test_a_draft_names_the_table_the_columns_the_units_and_what_is_personal(strange):
    said = draft(strange)
    assert "[tables.shipments.columns]" in said
    for line in ('order_id = "Order Number"', 'carrier = "Carrier"', 'service = "Shipping Method"', 'label_created_at = "Label Date"',
                 'weight_kg = { column = "Weight (oz)", unit = "oz" }', 'label_cost = "Shipping Cost"', 'dates = ["slashed"]',
                 'personal = ["Consignee", "Buyer Name"]', "# not used: Dispatch No, Depot"):  # fmt: skip
        assert line in said.splitlines(), line


def test_a_finished_draft_works(strange):
    said = draft(strange)
    for column, name in (("shipment_id", "Dispatch No"), ("location", "Depot")):
        (line,) = [x for x in said.splitlines() if x.startswith(f"{column} = ")]
        said = said.replace(line, f'{column} = "{name}"')
    profile = parse(said, "acme")
    _, shown = show(strange, {}, WEEK, profile)
    row = shown.after["shipments"].to_dict("records")[0]
    assert row == {"line": 2, "shipment_id": "D1", "order_id": "1001", "location": "North", "carrier": "dpd", "service": "Next day",
                   "weight_kg": "0.453592", "label_created_at": "2026-11-03", "label_cost": "4.20"}  # fmt: skip
    assert shown.before["Buyer Name"].tolist() == [MASK, MASK] == shown.before["Consignee"].tolist()


def test_an_unfinished_draft_is_no_wrong_profile_but_its_marks_show(strange):
    _, shown = show(strange, {}, WEEK, parse(draft(strange), "acme"))
    assert set(shown.after["shipments"]["location"]) == {"?"}


def test_the_test_of_a_file_says_what_became_of_it(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(vendor([SHOPIFY, SECOND]), encoding="utf-8")
    profile, shown = show(path, shipped(), WEEK)
    assert profile.name == "shopify_orders"
    assert ("orders", "ordered_at", "Created at") in list(shown.columns.itertuples(index=False, name=None))
    assert len(shown.before) == 2 and len(shown.after["orders"]) == 1 and len(shown.after["order_lines"]) == 2
    assert shown.before["Email"].tolist() == [MASK, ""]


def test_the_commands(strange, tmp_path):
    run = CliRunner().invoke
    found = run(app, ["profile", "draft", str(strange)])
    assert found.exit_code == 0 and found.stdout == draft(strange)
    finished = tmp_path / "acme.toml"
    finished.write_text(found.stdout, encoding="utf-8")
    tried = run(app, ["profile", "test", str(strange), "--using", str(finished), "--rows", "1"])
    assert tried.exit_code == 0, tried.output
    assert "shipments.weight_kg <- Weight (oz) (oz)" in tried.stdout and "After: shipments" in tried.stdout
    assert "Zebediah" not in tried.stdout and "quillfeather" not in tried.stdout
    unknown = run(app, ["profile", "test", str(strange)])
    assert unknown.exit_code == 2 and "no profile knows its header" in unknown.stderr


def test_a_file_of_ours_needs_no_profile(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("order_id,ordered_at,channel,status\n", encoding="utf-8")
    with pytest.raises(ProfileError, match="its header is ours"):
        show(path, shipped(), WEEK)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"\n\n"])
def test_what_is_no_table_gets_no_draft(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    found = CliRunner().invoke(app, ["profile", "draft", str(path)])
    assert found.exit_code == 2 and found.stdout == "" and str(path.name) in found.stderr
