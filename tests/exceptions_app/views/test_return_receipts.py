"""What the ERP's own staff checked in stands on the return's page, as the ERP tells it."""

import pytest

from exceptions_app.models import Connection, ErpReceipt
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_goods_checked_in_at_the_erp_are_shown_with_number_place_and_time(client):
    rma = factories.RmaFactory()
    erp = rma.bridge.erp
    Connection.objects.filter(pk=erp.pk).update(capabilities={"can_read_receipts": True})
    ErpReceipt.objects.create(
        connection=erp,
        external_id="100022",
        number="GRN-7",
        warehouse="WH1",
        received_at=NOW,
        lines=[{"sku": "TEE-BLK-M", "quantity": 2, "place": "quarantine", "line_id": "1"}],
        rma=rma,
        read_at=NOW,
    )
    client.force_login(make_user("wanda"))

    page = client.get(f"/returns/{rma.pk}/").text

    assert f"Checked in at {erp.name}" in page
    assert "GRN-7" in page
    assert "2 × TEE-BLK-M, quarantine" in page


def test_a_return_nobody_checked_in_has_no_such_list(client):
    rma = factories.RmaFactory()
    client.force_login(make_user("wanda"))

    assert "Checked in at" not in client.get(f"/returns/{rma.pk}/").text
