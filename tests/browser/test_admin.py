from tests.cast import make_user


def test_the_admin_works_under_the_strict_content_security_policy(page, sign_in):
    sign_in(make_user("ada"))

    page.goto("/admin/auth/user/")
    page.click("#result_list tbody th a")
    page.wait_for_selector("#id_username")

    assert page.input_value("#id_username") == "ada"
    assert page.evaluate("document.styleSheets.length") > 0
