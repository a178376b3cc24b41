import pytest
from django.contrib.auth.models import Group

from exceptions_app.choices import Role


@pytest.fixture
def admin_page(page, sign_in, django_user_model):
    sign_in(django_user_model.objects.create_superuser("ada", "ada@example.com", "x"))
    page.goto("/admin/exceptions_app/connection/")
    return page


def test_an_inline_style_is_refused_and_noted(admin_page, page_problems):
    with admin_page.expect_console_message():
        admin_page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')"
        )

    assert len(page_problems) == 1
    assert "Content Security Policy" in page_problems[0]
    page_problems.clear()


def test_the_accessibility_check_finds_a_picture_without_words(admin_page, assert_accessible):
    admin_page.evaluate(
        "document.body.innerHTML = '<main><h1>x</h1><img src=\"/static/x\"></main>'"
    )

    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible()


def test_the_accessibility_check_of_a_page_that_is_left_looks_at_the_next(
    admin_page, assert_accessible
):
    admin_page.evaluate(
        """document.body.innerHTML = '<main><h1>x</h1><img src="/static/x"></main>';
        location.assign('/admin/')"""
    )

    assert_accessible()

    assert admin_page.url.endswith("/admin/")


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_browser_test_finds_what_migrations_put_in(admin_page, time):
    assert set(Group.objects.values_list("name", flat=True)) >= set(Role.values)
