"""An admin brings in 500 SKU mappings, three of them wrong, without touching the mouse."""

import pytest
import time_machine

from exceptions_app.models import AuditEntry, Mapping, MappingImport
from tests.cast import make_user
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db(transaction=True)

WRONG = {
    17: "OLD-0017,TEE-BLAK-M",
    250: "OLD-0001,TEE-BLK-M",
    499: ",TEE-BLK-M",
}


def file_of(wrong):
    lines = ["value,sku", "TEE-BLAK-M,TEE-BLK-M"]
    lines += [wrong.get(number, f"OLD-{number:04},TEE-BLK-M") for number in range(1, 500)]
    return {
        "name": "season.csv",
        "mimeType": "text/csv",
        "buffer": "\n".join(lines).encode(),
    }


@pytest.fixture
def waiting():
    """Three returns that all carry an SKU nobody mapped."""
    world = make_world()
    for number in (1, 2, 3):
        world.add_order(f"SO-{number}")
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", sku="TEE-BLAK-M")],
        )
    world.carry()
    assert world.open_types() == ["SKU_UNKNOWN"] * 3
    return world


def tab_to(page, name):
    """Press Tab until the link, button or field called `name` has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => { const at = document.activeElement;
            const own = at.getAttribute('aria-label') || at.innerText || '';
            const label = at.labels && at.labels.length ? at.labels[0].innerText : '';
            return [own.trim(), label.trim()]; }"""
        )
        if name in focused:
            return
    raise AssertionError(f"{name} cannot be reached with the Tab key")


def press(page, name):
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def upload(page, file):
    """Choose a file on the focused field; the system's own dialog is no part of the page."""
    tab_to(page, "File")
    page.locator(":focus").set_input_files(file)
    tab_to(page, "Why")
    page.keyboard.type("Codes of the new season")
    press(page, "Check the file")


def test_five_hundred_mappings_come_in_by_keyboard_alone(page, sign_in, assert_accessible, waiting):
    with time_machine.travel(waiting.clock.now, tick=True) as traveller:
        sign_in(make_user("ada"))
        page.goto("/")
        press(page, "Mappings")
        assert_accessible()
        press(page, "SKU")
        assert_accessible()
        press(page, "Import a file")
        assert_accessible()

        upload(page, file_of(WRONG))
        assert "3 rows are wrong. Nothing was changed." in page.inner_text("main")
        assert_accessible()
        wrong = page.locator("section[aria-labelledby=g-error] tbody tr").all_inner_texts()
        assert len(wrong) == 3
        assert "TEE-BLAK-M is not in the item master" in wrong[0]
        assert "Closest: TEE-BLK-M" in wrong[0]
        assert "The same value stands in line 3" in wrong[1]
        assert "The value is empty" in wrong[2]
        assert not Mapping.objects.filter(kind="sku_alias").exists()

        press(page, "Upload the corrected file")
        upload(page, file_of({}))
        assert page.locator(".flowline").first.locator(".fig").all_inner_texts() == [
            "0",
            "500",
            "0",
            "0",
        ]
        assert page.locator("section[aria-labelledby=effect] .fig").all_inner_texts() == [
            "3 returns",
            "£60.00",
            "0 returns",
            "0 returns",
        ]
        assert_accessible()
        press(page, "Apply 500 mappings")
        page.wait_for_selector("text=500 added and 0 changed")
        assert_accessible()

        waiting.clock.advance(minutes=10)
        traveller.move_to(waiting.clock.now)
        waiting.settle()

    rows = Mapping.objects.filter(kind="sku_alias", status="active")
    assert rows.count() == 500
    assert AuditEntry.objects.filter(act="mapping_import.apply").count() == 1
    assert [row.status for row in MappingImport.objects.order_by("pk")] == ["checked", "applied"]
    assert waiting.open_types() == []
    assert len(waiting.documents("CM")) == 3


def test_a_file_of_five_hundred_is_taken_back_by_keyboard_alone(
    page, sign_in, assert_accessible, waiting
):
    with time_machine.travel(waiting.clock.now, tick=True):
        sign_in(make_user("ada"))
        page.goto(f"/admin/mappings/{waiting.bridge.pk}/sku_alias/import/")
        upload(page, file_of({}))
        press(page, "Apply 500 mappings")

        press(page, "Take the file back")
        assert "3 returns would wait for it again" in page.inner_text("main")
        assert_accessible()
        tab_to(page, "Why")
        page.keyboard.type("Codes of another season")
        press(page, "Take 500 mappings back")
        page.wait_for_selector("text=0 as before, 500 mapped no more, 0 left")
        assert_accessible()

    assert not Mapping.objects.filter(kind="sku_alias", status="active").exists()
    assert MappingImport.objects.get().status == "reverted"
    assert AuditEntry.objects.filter(act="mapping_import.take_back").count() == 1
