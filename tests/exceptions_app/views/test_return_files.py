"""The pages of files of returns: upload, columns, preview, taking in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from exceptions_app.models import ReturnFile, Rma
from exceptions_app.services import flow
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

HEADS = "Transaction ID,Order,State,Created at,SKU,Price,Customer\n"
RIGHT = "R-1,SO-1,Shipped,20/05/2026,TEE-BLK-M,36.00,Ida Berg\n"
WRONG = "R-2,SO-2,Shipped,soon,=1+1,36.00,Otto Klein\n"


@pytest.fixture
def bridge():
    return factories.BridgeFactory(source__name="Reveni", erp__is_active=False)


@pytest.fixture
def ines(client):
    client.force_login(make_user("ines"))
    return client


def upload(client, bridge, text, name="export.csv"):
    file = SimpleUploadedFile(name, text.encode())
    return client.post(
        reverse("return-files"), {"connection": bridge.source_id, "file": file}, follow=True
    )


def show(client, found):
    columns = {**found.columns, "date_order": "dmy", "decimal_sign": ".", "file_currency": "GBP"}
    return client.post(reverse("return-file", args=[found.pk]), columns, follow=True)


def test_a_file_is_uploaded_looked_through_and_taken_in(ines, bridge):
    page = upload(ines, bridge, HEADS + RIGHT)
    found = ReturnFile.objects.get()
    assert found.columns["return_id"] == "Transaction ID"
    assert "Show what the rows become" in page.content.decode()

    shown = show(ines, found).content.decode()
    assert "Take 1 return in" in shown
    assert "TEE-BLK-M" in shown
    assert "Ida Berg" not in shown

    stamp = shown.split('name="seen" value="')[1].split('"')[0]
    ines.post(reverse("return-file-take", args=[found.pk]), {"seen": stamp})
    flow.ingest(clock=lambda: factories.NOW)

    done = ines.get(reverse("return-file", args=[found.pk])).content.decode()
    assert "Returns gone through: 1 of 1" in done
    assert Rma.objects.get().status_raw == "Shipped"


def test_wrong_rows_are_named_and_come_back_as_a_harmless_file(ines, bridge):
    upload(ines, bridge, HEADS + RIGHT + WRONG)
    found = ReturnFile.objects.get()

    shown = show(ines, found).content.decode()
    answer = ines.get(reverse("return-file-wrong-export", args=[found.pk]))
    text = b"".join(answer.streaming_content).decode()

    assert "1 row is wrong. Nothing was taken in." in shown
    assert "Expected a date with the day first, as in 31/12/2026." in shown
    assert "Take 1 return in, leave 1 out" in shown
    assert "Otto Klein" not in shown
    assert text.splitlines()[-1].startswith("R-2,SO-2,Shipped,soon,'=1+1,36.00")
    assert not Rma.objects.exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("export.pdf", "x", "Choose a CSV or XLSX file"),
        ("export.xlsx", "x", "The file cannot be read as XLSX"),
        ("export.csv", "A,A\n1,2\n", "The column A is there twice"),
    ],
)
def test_what_cannot_be_read_is_said_beside_the_field(ines, bridge, name, text, said):
    page = upload(ines, bridge, text, name)

    assert page.status_code == 422
    assert said in page.content.decode()
    assert not ReturnFile.objects.exists()


def test_a_stale_page_takes_nothing_in(ines, bridge):
    upload(ines, bridge, HEADS + RIGHT)
    found = ReturnFile.objects.get()
    show(ines, found)

    page = ines.post(reverse("return-file-take", args=[found.pk]), {"seen": "old"}, follow=True)

    assert "The columns were chosen anew since" in page.content.decode()
    found.refresh_from_db()
    assert found.status == "open"
