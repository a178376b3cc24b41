"""How money, time, state and addresses are written on the screens."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.template import Context
from django.test import RequestFactory
from django.urls import reverse

from connectors.types import Money
from exceptions_app.templatetags import amounts, desk, marks

NINE_TWELVE = datetime(2026, 5, 27, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        pytest.param(Decimal("1234.5"), "GBP", "£1,234.50", id="pounds"),
        pytest.param(Decimal("-2.95"), "GBP", "−£2.95", id="real-minus-sign"),
        pytest.param(Decimal("0"), "GBP", "£0.00", id="zero"),
        pytest.param(Decimal("-0.00"), "GBP", "£0.00", id="zero-has-no-sign"),
        pytest.param(Decimal("84.2000"), "EUR", "€84.20", id="stored-with-more-places"),
        pytest.param(Decimal("0.005"), "GBP", "£0.005", id="half-a-penny-is-not-hidden"),
        pytest.param(Decimal("12400"), "JPY", "¥12,400", id="no-minor-unit"),
        pytest.param(Decimal("5.124"), "KWD", "KWD\u00a05.124", id="three-places"),
        pytest.param(Decimal("5"), "KWD", "KWD\u00a05.000", id="three-places-filled"),
        pytest.param(Decimal("10"), "cad", "CAD\u00a010.00", id="no-symbol"),
        pytest.param(Decimal("1E+3"), "GBP", "£1,000.00", id="exponent"),
        pytest.param(7, "USD", "$7.00", id="whole-number"),
        pytest.param(None, "GBP", "Not known", id="none"),
        pytest.param("", "GBP", "Not known", id="missing-in-the-template"),
        pytest.param(Decimal("3"), "", "3.00 (currency not known)", id="no-currency"),
        pytest.param(Money(Decimal("3.2"), "GBP"), "", "£3.20", id="money-object"),
    ],
)
def test_it_writes_money_to_the_last_place_that_is_there(amount, currency, text):
    assert amounts.money(amount, currency) == text


@pytest.mark.parametrize("amount", [1.5, "1.50", True])
def test_it_refuses_money_that_is_not_exact(amount):
    with pytest.raises(TypeError, match="Money must be a Decimal"):
        amounts.money(amount, "GBP")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("2.95"), "+£2.95"),
        (Decimal("-2.95"), "−£2.95"),
        (Decimal("0"), "£0.00"),
        (None, "Not known"),
        (Money(Decimal("1"), "GBP"), "+£1.00"),
    ],
)
def test_it_writes_the_direction_of_a_difference(amount, text):
    assert amounts.signed_money(amount, "GBP") == text


def test_it_gives_a_script_the_digits_alone():
    assert amounts.plain(Decimal("1E+3")) == "1000"
    assert amounts.plain(Decimal("1234.50")) == "1234.50"
    assert amounts.plain(3) == "3"


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=6, hours=23), "6 d"),
        (timedelta(hours=-2), "in 2 h"),
    ],
)
def test_it_writes_an_age_in_one_unit(passed, text):
    assert desk.age(passed) == text
    assert desk.age(NINE_TWELVE - passed, NINE_TWELVE) == text


def test_it_says_when_an_age_is_not_known():
    assert desk.age(None) == "Not known"
    assert desk.age("") == "Not known"


def test_it_writes_a_moment_in_the_readers_time_zone(settings):
    settings.TIME_ZONE = "Europe/London"
    in_paris = NINE_TWELVE.astimezone(timezone(timedelta(hours=2)))

    assert desk.when(NINE_TWELVE) == "27 May 2026, 10:12"
    assert desk.when(in_paris) == "27 May 2026, 10:12"
    assert desk.day(datetime(2026, 5, 27, 23, 30, tzinfo=UTC)) == "28 May 2026"
    assert desk.clock(NINE_TWELVE) == "10:12"


def test_it_writes_a_plain_date_without_a_time():
    assert desk.when(date(2026, 5, 1)) == "1 May 2026"
    assert desk.day(date(2026, 9, 30)) == "30 Sep 2026"


def test_it_uses_the_word_given_for_a_moment_that_has_not_come():
    assert desk.when(None) == "Not known"
    assert desk.when(None, "Not yet") == "Not yet"
    assert desk.day(None, "Not yet") == "Not yet"
    assert desk.clock(None, "Not yet") == "Not yet"
    assert desk.iso(None) == ""
    assert desk.iso(NINE_TWELVE) == "2026-05-27T09:12:00+00:00"


def test_a_hold_that_is_over_has_no_seconds_left():
    assert desk.seconds_left(NINE_TWELVE + timedelta(seconds=41.9), NINE_TWELVE) == 41
    assert desk.seconds_left(NINE_TWELVE - timedelta(seconds=5), NINE_TWELVE) == 0


def test_a_badge_carries_an_icon_a_word_and_a_tone():
    assert marks.choice_badge("Proved", "good") == (
        '<span class="badge good"><svg class="i" aria-hidden="true"><use href="#i-seal"/></svg>'
        "Proved</span>"
    )
    assert "#i-flag" in marks.choice_badge("Open", "calm", "flag")


@pytest.mark.parametrize(
    ("code", "css", "shape", "word"),
    [
        ("critical", "sev--critical bad", "critical", "Critical"),
        ("high", "sev--high warn", "high", "High"),
        ("medium", "sev--medium mild", "medium", "Medium"),
        ("low", "sev--low calm", "low", "Low"),
        ("info", "sev--info calm", "info", "Info"),
        ("not_rated", "sev--low calm", "low", "Not rated"),
    ],
)
def test_each_severity_has_its_shape_and_word(code, css, shape, word):
    markup = marks.severity(code)

    assert f'class="sev {css}"' in markup
    assert f"#i-{shape}" in markup
    assert markup.endswith(f"{word}</span>")


def test_marks_escape_what_they_are_given():
    assert "<b>" not in marks.choice_badge("<b>", "good")
    assert "<b>" not in marks.severity("high", "<b>")
    assert "<b>" not in desk.spark([1, 2], "<b>")


@pytest.mark.parametrize(
    ("state", "tone", "word", "mark"),
    [
        ("done", "", "", "#i-check"),
        ("waiting", "wait", "waiting", "#i-hour"),
        ("blocked", "bad", "blocked", "#i-stop"),
        ("not_yet", "", "not yet", '<span class="dot"></span>'),
        ("unheard_of", "", "not yet", '<span class="dot"></span>'),
    ],
)
def test_a_state_never_claims_more_than_it_knows(state, tone, word, mark):
    assert desk.state_tone(state) == tone
    assert desk.state_word(state) == word
    assert mark in marks.dot(state)


@pytest.mark.parametrize(
    ("level", "tone", "icon"),
    [
        ("success", "good", "check"),
        ("warning", "warn", "high"),
        ("error", "bad", "critical"),
        ("info", "calm", "info"),
        ("", "calm", "info"),
    ],
)
def test_a_message_is_marked_by_its_level(level, tone, icon):
    assert (desk.message_tone(level), desk.message_icon(level)) == (tone, icon)


@pytest.mark.parametrize(
    ("query", "changes", "changed"),
    [
        pytest.param("team=cx&cursor=abc", {"state": "open"}, "?team=cx&state=open", id="add"),
        pytest.param("state=open&cursor=abc", {"state": "waiting"}, "?state=waiting", id="replace"),
        pytest.param("state=open&team=cx", {"state": None}, "?team=cx", id="remove"),
        pytest.param("state=open", {"state": ""}, "?", id="nothing-left"),
        pytest.param("state=open&cursor=a", {"cursor": "b"}, "?state=open&cursor=b", id="page"),
        pytest.param("id=1&id=2", {"q": "a b&c"}, "?id=1&id=2&q=a+b%26c", id="keeps-lists"),
        pytest.param("id=1", {"id": [2, 3]}, "?id=2&id=3", id="list"),
    ],
)
def test_changing_one_key_of_the_address_drops_the_place_in_the_list(query, changes, changed):
    before = QueryDict(query)

    assert desk.changed_query(before, changes) == changed
    assert before.urlencode() == QueryDict(query).urlencode()


@pytest.mark.parametrize("name", ["case-detail", "cause-list", "cause-about", "return-detail"])
def test_the_address_of_a_row_is_that_of_its_page(name):
    assert [desk.link(name, pk) for pk in (7, 12345678901)] == [
        reverse(name, args=[pk]) for pk in (7, 12345678901)
    ]


def test_the_tag_reads_the_query_of_its_request():
    request = RequestFactory().get("/cases/?team=cx&cursor=abc")

    assert desk.querystring(Context({"request": request}), o="-value") == "?team=cx&o=-value"
    assert desk.querystring(Context(), o="-value") == "?o=-value"


@pytest.mark.parametrize(
    ("query", "order", "url", "direction"),
    [
        pytest.param("", "", "?o=-value", "", id="other-order"),
        pytest.param("o=-value&cursor=a", "", "?o=value", "descending", id="largest-first"),
        pytest.param("o=value", "", "?o=-value", "ascending", id="smallest-first"),
        pytest.param("", "-value", "?o=value", "descending", id="the-lists-own-order"),
    ],
)
def test_a_column_head_turns_its_own_order_round(query, order, url, direction):
    context = Context({"request": RequestFactory().get(f"/cases/?{query}")})

    assert desk.sort_state(context, "value", order) == desk.SortState(url, direction)


def test_a_difference_shows_every_line_with_its_sign():
    lines = desk.diff_lines("memo\ndate 22\ntotal 81", "memo\ndate 27\ntotal 81\nline 1")

    assert [(line.kind, line.text) for line in lines] == [
        ("same", "  memo"),
        ("dropped", "− date 22"),
        ("added", "+ date 27"),
        ("same", "  total 81"),
        ("added", "+ line 1"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ("", "a\nb", ["added", "added"]),
        ("a", None, ["dropped"]),
        (None, None, []),
        ("a", "a", ["same"]),
    ],
)
def test_a_text_that_was_not_there_is_all_new_or_all_gone(before, after, kinds):
    assert [line.kind for line in desk.diff_lines(before, after)] == kinds


def test_a_line_of_figures_spans_from_the_smallest_to_the_largest():
    markup = desk.spark([0, 5, 10], "Rising: 10, from 0", "bad")

    assert 'points="1.0,18.0 36.0,10.0 71.0,2.0"' in markup
    assert 'aria-label="Rising: 10, from 0"' in markup
    assert 'points="1.0,10.0 71.0,10.0"' in desk.spark([Decimal(4), Decimal(4)], "Steady: 4")


@pytest.mark.parametrize("figures", [[], [3]])
def test_one_figure_has_no_shape(figures):
    assert desk.spark(figures, "New") == ""
