import pytest

from tests import factories
from tests.cast import make_user

PAGES = [
    "/admin/",
    "/admin/exceptions_app/connection/",
    "/admin/exceptions_app/connection/add/",
    "/admin/exceptions_app/bridge/add/",
    "/admin/exceptions_app/mapping/",
    "/admin/exceptions_app/item/",
    "/admin/mappings/",
]


@pytest.fixture
def rows(db):
    bridge = factories.BridgeFactory()
    factories.ItemFactory(connection=bridge.erp, sku="TEE-BLK-M")
    factories.MappingFactory(
        bridge=bridge, kind="sku_alias", source_value="OLD-1", target={"sku": "TEE-BLK-M"}
    )
    rma = factories.RmaFactory(bridge=bridge)
    factories.RmaLineFactory(rma=rma, sku="TEE-BLAK-M")
    group = factories.CauseGroupFactory(bridge=bridge, cause="tee-blak-m")
    factories.CaseFactory(rma=rma, group=group, facts={"sku": "TEE-BLAK-M"})
    return bridge


def own_pages(bridge):
    base = f"/admin/mappings/{bridge.pk}/sku_alias"
    return [
        f"{base}/",
        f"{base}/map/?value=TEE-BLAK-M&sku=TEE-BLK-M",
        f"{base}/history/?value=OLD-1",
        f"{base}/import/",
        f"/admin/bridges/{bridge.pk}/policy/",
        f"/admin/bridges/{bridge.pk}/",
        f"/admin/connections/{bridge.erp_id}/history/",
        f"/admin/exceptions_app/connection/{bridge.erp_id}/change/",
        f"/admin/exceptions_app/connection/{bridge.source_id}/webhook/",
    ]


def test_the_admin_works_under_the_strict_content_security_policy(page, sign_in, rows):
    sign_in(make_user("ada"))

    page.goto("/admin/exceptions_app/connection/")
    page.click(f"#result_list a[href*='/{rows.erp_id}/']")
    page.wait_for_selector("#id_name")

    assert page.input_value("#id_name") == "BlueCherry"
    assert page.evaluate("document.styleSheets.length") > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_set_up_page_is_accessible_and_fits_a_phone(
    page, sign_in, assert_accessible, rows, scheme
):
    sign_in(make_user("ada"))
    page.emulate_media(color_scheme=scheme)

    for path in [*PAGES, *own_pages(rows)]:
        page.set_viewport_size({"width": 1440, "height": 900})
        answer = page.goto(path)
        assert answer.status == 200, path
        assert_accessible()
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
