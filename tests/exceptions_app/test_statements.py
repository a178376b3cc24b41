"""What a statement built once gives: the same as the queryset, with other values each time."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from exceptions_app.models import Bridge, Connection, ConnectionHealth, Mapping
from exceptions_app.models.statements import Select, Update, is_one_of
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def bridge() -> Bridge:
    return make_world().bridge


def test_a_row_is_read_as_the_queryset_reads_it_with_what_stands_beside_it(
    bridge, django_assert_num_queries
):
    by_code = Select(lambda code: Bridge.objects.select_related("source", "erp").filter(code=code))
    asked = Bridge.objects.select_related("source", "erp").get()

    with django_assert_num_queries(1):
        found = by_code.first(code=bridge.code)
        names = (found.source.name, found.erp.settings, found.policy)

    assert vars(found).keys() == vars(asked).keys()
    assert names == (asked.source.name, asked.erp.settings, asked.policy)
    assert by_code.first(code="nowhere") is None
    assert by_code.first(code=bridge.code) == bridge


def test_the_queryset_is_built_for_the_first_values_only(bridge):
    built = []

    def build(pks):
        built.append(pks)
        return Connection.objects.filter(is_one_of("pk", pks)).order_by("pk")

    chosen = Select(build)

    assert chosen.rows(pks=[bridge.source_id]) == [bridge.source]
    assert chosen.rows(pks=[bridge.erp_id, bridge.source_id]) == list(
        Connection.objects.order_by("pk")
    )
    assert chosen.rows(pks=[]) == []
    assert len(built) == 1


def test_values_come_as_tuples_or_alone_and_stored_json_as_what_it_says(bridge):
    told = Select(lambda pk: Bridge.objects.filter(pk=pk).values_list("code", "policy"))
    code = Select(lambda pk: Bridge.objects.filter(pk=pk).values_list("code", flat=True))

    assert told.rows(pk=bridge.pk) == [(bridge.code, bridge.policy)]
    assert code.rows(pk=bridge.pk) == [bridge.code]


def test_whether_any_is_there_follows_the_values(bridge):
    named = Select(lambda name: Connection.objects.filter(name=name))

    assert named.exists(name=bridge.erp.name)
    assert not named.exists(name="Nobody's")


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_refused_outside_a_transaction():
    locked = Select(lambda pk: Connection.objects.select_for_update().filter(pk=pk))
    with transaction.atomic():
        assert locked.rows(pk=0) == []

    with pytest.raises(transaction.TransactionManagementError):
        locked.rows(pk=0)


def test_a_change_tells_how_many_rows_it_found_and_leaves_the_others(bridge):
    now = timezone.now()
    fail = Update(
        lambda connection, at: (
            ConnectionHealth.objects.filter(connection=connection, failures=0),
            {"failures": F("failures") + 1, "last_failure_at": at},
        )
    )

    assert fail.run(connection=bridge.erp_id, at=now) == 1
    assert fail.run(connection=bridge.erp_id, at=now + timedelta(days=1)) == 0

    rows = ConnectionHealth.objects.order_by("connection_id")
    assert set(rows.values_list("connection_id", "failures", "last_failure_at")) == {
        (bridge.erp_id, 1, now),
        (bridge.source_id, 0, None),
    }


def test_a_changed_json_field_is_stored_as_json(bridge):
    choose = Update(lambda pk, policy: (Bridge.objects.filter(pk=pk), {"policy": policy}))

    assert choose.run(pk=bridge.pk, policy={"undo_seconds": 5}) == 1

    bridge.refresh_from_db()
    assert bridge.policy == {"undo_seconds": 5}
    assert Mapping.objects.filter(bridge__policy__undo_seconds=5).count() == (
        Mapping.objects.filter(bridge=bridge).count()
    )
