def test_the_admin_works_under_the_strict_content_security_policy(page, sign_in, django_user_model):
    admin = django_user_model.objects.create_superuser("ada", "ada@example.com", "x")
    sign_in(admin)

    page.goto("/admin/auth/user/")
    page.click(".field-username a")
    page.wait_for_selector("#id_username")

    assert page.input_value("#id_username") == "ada"
    assert page.evaluate("document.styleSheets.length") > 0
