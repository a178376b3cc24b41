"""The fragments pages are built from, rendered with what their first line promises."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory

TEMPLATES = Path(settings.BASE_DIR) / "templates"
NOW = datetime(2026, 5, 27, 9, 12, tzinfo=UTC)


def render(name, context=None, *, query=""):
    request = RequestFactory().get(f"/cases/?{query}")
    return render_to_string(f"partials/{name}.html", context or {}, request=request)


class DateForm(forms.Form):
    date = forms.CharField(label="Posting date", help_text="May 2026 is open.")
    fix = forms.ChoiceField(
        label="What should happen?",
        choices=[("credit", "Post a correcting credit"), ("accept", "Accept")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(required=False)

    def clean_date(self):
        raise forms.ValidationError("April 2026 is locked.")


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("partials/*.html")), ids=lambda p: p.stem)
def test_a_fragment_says_what_it_is_for_and_what_it_needs(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith(f"{{# partials/{path.name} — ")
    assert "Context:" in first


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: str(p.relative_to(TEMPLATES))
)
def test_no_template_holds_a_script_a_style_or_an_outside_address(path):
    markup = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"", markup)
    assert not re.search(r"<script(?![^>]*\ssrc=)", markup)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", markup)
    assert "|safe" not in markup


def test_every_icon_named_in_a_template_is_drawn():
    drawn = set(re.findall(r'id="i-([a-z]+)"', (TEMPLATES / "partials/_icons.html").read_text()))
    named = set()
    for path in TEMPLATES.rglob("*.html"):
        if path.name != "_icons.html":
            named |= set(re.findall(r'{% icon "([a-z]+)" %}', path.read_text(encoding="utf-8")))

    assert named
    assert named <= drawn


def test_the_sum_on_top_of_a_case_names_both_proofs():
    markup = render(
        "_eq",
        {
            "left": {"label": "Refund paid", "amount": Decimal("84.20"), "currency": "GBP"},
            "right": {"label": "Credit memo", "amount": None, "proof": "BlueCherry did not answer"}
            | {"proved": False},
            "difference": {"amount": None},
        },
    )

    assert "£84.20" in markup
    assert markup.count("Not known") == 2
    assert "Not proved yet. BlueCherry did not answer" in markup
    assert "#i-seal" not in markup


def test_a_stage_without_proof_is_not_shown_as_done():
    markup = render(
        "_stages",
        {
            "stages": [
                {"label": "Received", "state": "done", "at": NOW, "source": "Daventry scan"},
                {"label": "Refunded", "state": "not_yet", "note": "Waits for stock"},
            ]
        },
    )

    assert markup.count('class="is-done"') == 1
    assert "27 May 2026, 09:12" in markup
    assert "Refunded: not yet" in markup


def test_a_hold_can_be_taken_back_without_a_script():
    context = {"title": "4 credits, £11.98", "until": NOW + timedelta(seconds=41), "now": NOW}

    markup = render("_undo", context | {"take_back_url": "/postings/7/take-back"})

    assert 'method="post" action="/postings/7/take-back"' in markup
    assert "csrfmiddlewaretoken" in markup
    assert "at 09:12:41" in markup
    assert 'max="60" value="41"' in markup


def test_a_reader_who_may_not_take_back_sees_no_button():
    assert "<form" not in render("_undo", {"title": "4 credits", "until": NOW, "now": NOW})


def test_the_summary_of_a_form_links_to_each_mistake():
    form = DateForm({"date": "30 April 2026"})

    markup = render("_errors", {"form": form})

    assert "2 answers need another look" in markup
    assert '<a href="#id_date">Posting date</a>: April 2026 is locked.' in markup


def test_a_form_without_mistakes_has_no_summary():
    assert render("_errors", {"form": DateForm()}).strip() == ""


def test_a_field_ties_its_mistake_and_hint_to_the_input():
    form = DateForm({"date": "30 April 2026", "fix": "credit"})
    form.is_valid()

    markup = render("_field", {"field": form["date"]})

    assert 'aria-describedby="id_date_helptext id_date_error"' in markup
    assert 'id="id_date_error"' in markup
    assert 'id="id_date_helptext"' in markup
    assert 'aria-invalid="true"' in markup
    assert 'value="30 April 2026"' in markup


def test_a_choice_of_few_is_a_group_with_one_legend():
    markup = render("_field", {"field": DateForm()["fix"]})

    assert "<legend>What should happen?</legend>" in markup
    assert markup.count('type="radio"') == 2
    assert 'id="id_fix"' in markup


def test_the_pager_keeps_the_filters_and_moves_the_cursor():
    markup = render("_pager", {"newer": "", "older": "xyz"}, query="state=open&cursor=abc")

    assert 'href="?state=open&amp;cursor=xyz"' in markup
    assert "Next" in markup
    assert "Previous" not in markup


def test_a_tick_box_carries_its_amount_for_the_sum():
    markup = render(
        "_tick", {"value": 7, "label": "EX-7", "amount": Decimal("2.95"), "currency": "GBP"}
    )

    assert 'name="case" value="7" data-pick data-amount="2.95" data-currency="GBP"' in markup
    assert "data-amount" not in render("_tick", {"value": 7, "label": "EX-7"})


def test_what_people_typed_is_never_markup():
    markup = render("_story", {"entries": [{"at": NOW, "actor": "<i>", "text": "<script>"}]})
    diff = render("_diff", {"before": "<b>", "after": ""})

    assert "<script>" not in markup
    assert "<i>" not in markup
    assert "<del>− &lt;b&gt;</del>" in diff


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_needs_no_context_and_says_what_to_do(name):
    markup = render_to_string(f"{name}.html")

    assert markup.count("<h1>") == 1
    assert "What happened" in markup
    assert "What to do now" in markup
    assert 'id="main"' in markup


def test_the_frame_shows_only_what_the_reader_may_open():
    nav = [{"url": "/cases/", "label": "Exceptions", "key": "e", "count": 106, "is_current": True}]

    markup = render_to_string("base.html", {"nav": nav, "simulated_systems": ["BlueCherry"]})

    assert re.findall(r'data-go="([a-z])"', markup) == ["e"]
    assert 'aria-current="page"' in markup
    assert "Simulated systems." in markup
    assert 'role="search"' not in markup
    assert 'id="palette"' not in markup


def test_who_may_find_returns_has_the_search_box_and_the_palette():
    nav = [{"url": "/returns/", "label": "Returns", "key": "r"}]

    markup = render_to_string("base.html", {"nav": nav})

    assert markup.count('role="search"') == 2
    assert markup.count('id="palette"') == 1


def test_the_frame_without_simulated_systems_shows_no_banner():
    assert "Simulated systems" not in render_to_string("base.html", {"nav": []})
