from pathlib import Path

import pytest
from django.conf import settings as django_settings

from exceptions_app.views.styleguide import COMPONENTS
from tests.cast import make_user

pytestmark = pytest.mark.django_db
PARTIALS = Path(django_settings.BASE_DIR) / "templates" / "partials"


@pytest.fixture
def guide(client, settings):
    settings.DEBUG = True
    client.force_login(make_user("ada"))
    return client.get("/styleguide/")


def test_every_fragment_is_shown_once():
    names = [component.name for component in COMPONENTS]

    assert sorted(names) == sorted(path.stem.removeprefix("_") for path in PARTIALS.glob("_*.html"))


def test_every_fragment_is_shown_with_its_purpose_and_its_states(guide):
    assert guide.status_code == 200
    for shown, component in zip(guide.context["components"], COMPONENTS, strict=True):
        assert shown["purpose"], component.name
        assert f"<code>_{component.name}.html</code>" in guide.text
        assert len(shown["samples"]) == len(component.samples)
        assert component.samples or component.note, component.name


def test_every_state_but_one_says_something(guide):
    silent = [
        (shown["name"], sample["state"])
        for shown in guide.context["components"]
        for sample in shown["samples"]
        if not sample["html"].strip()
    ]

    assert silent == [("errors", "none: says nothing")]


@pytest.mark.parametrize("tone", ["bad", "warn", "mild", "good", "wait", "calm"])
def test_each_tone_has_its_badge_and_its_alert(guide, tone):
    assert f'class="badge {tone}"' in guide.text
    assert f'class="alert {tone}"' in guide.text


@pytest.mark.parametrize(
    "figure", ["£0.00", "−£2.95", "+€3.20", "¥12,400", "KWD\N{NO-BREAK SPACE}5.124", "Not known"]
)
def test_money_is_shown_in_each_of_its_shapes(guide, figure):
    assert figure in guide.text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_reader_chooses_light_or_dark(client, settings, theme):
    settings.DEBUG = True
    client.force_login(make_user("ada"))

    page = client.get(f"/styleguide/?theme={theme}")

    assert f'<html lang="en-GB" data-theme="{theme}">' in page.text


def test_a_theme_nobody_made_is_the_systems(client, settings):
    settings.DEBUG = True
    client.force_login(make_user("ada"))

    assert "data-theme" not in client.get("/styleguide/?theme=pink").text


def test_it_reads_nothing_for_its_samples(client, settings, django_assert_max_num_queries):
    settings.DEBUG = True
    client.force_login(make_user("ada"))

    # Who is asking, and what stands around every page.
    with django_assert_max_num_queries(8):
        client.get("/styleguide/")


def test_it_does_not_exist_outside_a_development_server(client):
    client.force_login(make_user("ada"))

    assert client.get("/styleguide/").status_code == 404


def test_people_without_a_role_stay_outside(client, settings):
    settings.DEBUG = True
    client.force_login(make_user("otto"))

    assert client.get("/styleguide/").status_code == 403
