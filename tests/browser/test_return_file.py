"""An integrator takes an export in by the keyboard: with a wrong row first, then all of it."""

import pytest

from exceptions_app.models import AuditEntry, ReturnFile, Rma
from exceptions_app.services import flow
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db(transaction=True)

HEADS = "Transaction ID;Order;Estado;Created at;SKU;Qty;Price;Product status;Restock"
LINES = (
    "R-1;SO-1;Accepted;20/05/2026;TEE-BLK-M;2;36,00;Accepted;Yes",
    "R-1;SO-1;Accepted;20/05/2026;SOCK-GRY;1;8,00;Rejected;",
    "R-2;SO-2;Shipped;31/02/2026;CAP-RED;1;12,50;;",
)


def file_of(*lines):
    text = "\r\n".join([HEADS, *lines])
    return {"name": "export.csv", "mimeType": "text/csv", "buffer": text.encode("utf-8-sig")}


def press(page, name, role="button"):
    page.get_by_role(role, name=name).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def upload(page, file):
    page.get_by_label("Returns platform").select_option(label="Reveni")
    page.get_by_label("File", exact=True).set_input_files(file)
    press(page, "Read the file")


def test_an_export_is_looked_through_corrected_and_taken_in(page, sign_in, assert_accessible):
    factories.BridgeFactory(source__kind="reveni", source__name="Reveni", erp__is_active=False)
    sign_in(make_user("ines"))
    page.goto("/operations/")
    press(page, "Files of returns", role="link")
    upload(page, file_of(*LINES))
    assert page.get_by_label("State of the return").input_value() == ""
    page.get_by_label("State of the return").select_option(label="Estado")
    press(page, "Show what the rows become")

    assert page.get_by_role("heading", name="1 row is wrong. Nothing was taken in.").is_visible()
    wrong = page.locator("tr.is-red")
    assert wrong.count() == 1
    assert "Expected a date with the day first, as in 31/12/2026." in wrong.inner_text()
    assert_accessible()
    press(page, "Discard the file")

    upload(page, file_of(*LINES[:2], LINES[2].replace("31/02", "21/05")))
    # The choice of the first file is remembered, though that one was put away.
    assert page.get_by_label("State of the return").input_value() == "Estado"
    press(page, "Show what the rows become")
    press(page, "Take 2 returns in")
    flow.ingest(clock=lambda: factories.NOW)
    page.reload()

    assert page.get_by_text("Returns gone through: 2 of 2").is_visible()
    assert page.get_by_text("none waits to be handled").is_visible()
    assert [(rma.external_id, rma.status_raw) for rma in Rma.objects.order_by("external_id")] == [
        ("R-1", "Accepted"),
        ("R-2", "Shipped"),
    ]
    assert [row.status for row in ReturnFile.objects.order_by("pk")] == ["discarded", "taken"]
    assert AuditEntry.objects.filter(act="return_file.take").count() == 1
