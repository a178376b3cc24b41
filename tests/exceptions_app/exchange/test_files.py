"""Files that come: read once they are complete, all of it or nothing, whatever ends a worker."""

from datetime import timedelta

import pytest

from connectors.exchange import stores
from connectors.exchange.shapes import Arrival, ArrivalLine, Inbound, InboundKind
from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, ErpReceipt, ExchangeFile
from exceptions_app.services import exchange, exchange_files, faultpoints, feeds
from exceptions_app.services.sweeping import forget_raw
from tests import factories
from tests.cast import make_user
from tests.exceptions_app.exchange.partner import acknowledged, yes
from tests.faults.actors import Crash


def arrivals(number="R-1", *, interchange="", answer=None, units=2):
    arrival = Arrival("RA-x", number, factories.NOW, "WH1", (ArrivalLine("TEE", units),))
    return Inbound(
        kind=InboundKind.ARRIVALS,
        number=interchange,
        partner="DEPOT",
        arrivals=(arrival,),
        answer=answer,
    )


def states():
    return dict(ExchangeFile.objects.values_list("name", "state"))


def crash_at(point):
    def strike(name):
        if name == point:
            raise Crash(point)

    return faultpoints.hook.set(strike)


def test_a_file_still_growing_is_left_alone(partner):
    partner.leave(stores.IN, "r.txt", arrivals(), content=b"half")
    partner.look(times=1)
    partner.leave(stores.IN, "r.txt", arrivals(), content=b"the whole")
    partner.look(times=1)
    assert (states(), ErpReceipt.objects.count()) == ({"r.txt": "waiting"}, 0)

    partner.look(times=1)

    assert (states(), ErpReceipt.objects.count()) == ({"r.txt": "read"}, 1)
    assert (partner.names(stores.IN), partner.names(stores.DONE)) == ([], ["r.txt"])


def test_a_file_alike_for_too_short_a_time_is_left_alone(partner):
    partner.leave(stores.IN, "r.txt", arrivals())
    partner.look(times=1)

    exchange.look(connection=partner.connection, now=partner.now + timedelta(seconds=29))
    assert states() == {"r.txt": "waiting"}

    exchange.look(connection=partner.connection, now=partner.now + timedelta(seconds=30))
    assert states() == {"r.txt": "read"}


def test_a_file_that_its_sender_took_back_was_never_here(partner):
    partner.leave(stores.IN, "r.txt", arrivals())
    partner.look(times=1)
    partner.store.move(stores.IN, "r.txt", stores.BAD)

    partner.look(times=1)

    assert states() == {}


def test_an_unreadable_file_is_set_aside_and_told(partner):
    partner.leave(stores.IN, "odd.txt")

    partner.look()

    assert (partner.names(stores.IN), partner.names(stores.BAD)) == ([], ["odd.txt"])
    (case,) = Case.objects.all()
    assert (case.type, case.team) == ("FILE_UNREADABLE", "operations")
    assert case.facts["reason"] == "Line 3 has 4 columns instead of 7"
    assert bytes(ExchangeFile.objects.get().content) == b"in/odd.txt"


def test_a_file_set_aside_is_read_again_after_what_it_needs_was_put_right(partner):
    ines = make_user("ines")
    partner.leave(stores.IN, "odd.txt")
    partner.look()
    file = ExchangeFile.objects.get()

    with pytest.raises(errors.InvalidChoice, match="Line 3 has 4 columns"):
        exchange_files.read_again(file_id=file.pk, actor=ines, now=partner.now)
    assert (states(), ErpReceipt.objects.count()) == ({"odd.txt": "quarantined"}, 0)
    assert not AuditEntry.objects.filter(act="exchange_file.read_again").exists()

    partner.layout.meaning[b"in/odd.txt"] = (arrivals(),)
    exchange_files.read_again(file_id=file.pk, actor=ines, now=partner.now)
    partner.look(times=1)

    assert (states(), ErpReceipt.objects.count()) == ({"odd.txt": "read"}, 1)
    assert (partner.names(stores.BAD), partner.names(stores.DONE)) == ([], ["odd.txt"])
    assert Case.objects.get(type="FILE_UNREADABLE").status == "resolved"
    entry = AuditEntry.objects.get(act="exchange_file.read_again")
    assert "1 receipt" in entry.text
    with pytest.raises(errors.FixAlreadyDecided):
        exchange_files.read_again(file_id=file.pk, actor=ines, now=partner.now)


def test_the_same_number_under_another_name_is_told_by_what_it_says(partner):
    partner.leave(stores.IN, "a.txt", arrivals(interchange="42"))
    partner.look()

    partner.leave(stores.IN, "same.txt", arrivals(interchange="42"))
    partner.leave(stores.IN, "other.txt", arrivals(interchange="42", units=3))
    partner.look()

    assert states() == {"a.txt": "read", "same.txt": "duplicate", "other.txt": "quarantined"}
    assert ErpReceipt.objects.get().lines[0]["quantity"] == 2


def test_a_file_of_the_same_name_later_is_another_file(partner):
    partner.leave(stores.IN, "today.txt", arrivals("R-1"), content=b"one")
    partner.look()
    partner.leave(stores.IN, "today.txt", arrivals("R-2"), content=b"two")
    partner.look()

    assert list(ErpReceipt.objects.values_list("number", flat=True)) == ["R-1", "R-2"]
    assert len(partner.names(stores.DONE)) == 2


def test_one_that_needs_what_a_later_file_tells_is_tried_after_it(partner, documents):
    partner.leave(stores.ACK, "ack.txt", acknowledged(1, yes(documents[0], "C1")))
    partner.look(times=1)
    partner.send(*documents)

    partner.look(times=1)

    assert states() == {"ack.txt": "read"}


@pytest.mark.parametrize("point", ["file_read", "answer_put", "file_moved"])
def test_a_look_that_ends_midway_is_finished_by_the_next_and_nothing_is_doubled(partner, point):
    partner.leave(stores.IN, "r.txt", arrivals(answer=b"ISA*997"))
    partner.look(times=1)
    token = crash_at(point)
    try:
        with pytest.raises(Crash):
            partner.look(times=1)
    finally:
        faultpoints.hook.reset(token)

    partner.look()

    assert (states(), ErpReceipt.objects.count()) == ({"r.txt": "read"}, 1)
    assert (partner.names(stores.IN), partner.names(stores.DONE)) == ([], ["r.txt"])
    (answer,) = partner.names(stores.OUT)
    assert partner.store.read(stores.OUT, answer, 100) == b"ISA*997"
    assert answer.startswith("answer-known-1-")


def test_a_file_that_is_refused_is_set_aside_and_its_sender_told_once(partner):
    partner.leave(stores.IN, "r.txt", content=b"wrong")
    partner.layout.refusals[b"wrong"] = b"ISA*997 refused"

    partner.look(times=3)

    (answer,) = partner.names(stores.OUT)
    assert partner.store.read(stores.OUT, answer, 100) == b"ISA*997 refused"
    assert (states(), partner.names(stores.BAD)) == ({"r.txt": "quarantined"}, ["r.txt"])
    assert Case.objects.get().facts["reason"] == "Its total is wrong"


def test_an_acknowledgement_the_partner_took_already_is_not_written_again(partner):
    partner.leave(stores.IN, "r.txt", arrivals(answer=b"ISA*997"))
    partner.look(times=1)
    token = crash_at("answer_put")
    with pytest.raises(Crash):
        partner.look(times=1)
    faultpoints.hook.reset(token)
    (answer,) = partner.names(stores.OUT)
    partner.store.move(stores.OUT, answer, stores.SENT)

    partner.look()

    assert (partner.names(stores.OUT), partner.names(stores.SENT)) == ([], [answer])


def test_a_new_file_that_took_the_name_of_one_already_moved_stays_to_be_read(partner):
    partner.leave(stores.IN, "today.txt", arrivals("R-1"), content=b"one")
    partner.look(times=1)
    token = crash_at("file_moved")
    with pytest.raises(Crash):
        partner.look(times=1)
    faultpoints.hook.reset(token)
    partner.leave(stores.IN, "today.txt", arrivals("R-2"), content=b"two")

    partner.look()

    assert list(ErpReceipt.objects.values_list("number", flat=True)) == ["R-1", "R-2"]


def test_a_reader_that_comes_second_changes_nothing(partner):
    partner.leave(stores.IN, "r.txt", arrivals())
    partner.look(times=1)
    stale = ExchangeFile.objects.select_related("connection").get()
    partner.look(times=1)
    partner.leave(stores.IN, "r.txt", content=b"in/r.txt")

    ExchangeFile.objects.update(sha256="")
    exchange_files.take_in(
        file=stale, store=partner.store, layout=partner.layout, is_last_try=True, now=partner.now
    )

    assert (states(), ErpReceipt.objects.count()) == ({"r.txt": "read"}, 1)
    assert stale.state == "read"

    late = ExchangeFile(pk=stale.pk, connection=partner.connection, folder="in", name="r.txt")
    partner.leave(stores.IN, "r.txt", content=b"nobody can read this")
    exchange_files.take_in(
        file=late, store=partner.store, layout=partner.layout, is_last_try=True, now=partner.now
    )
    assert (states(), Case.objects.count()) == ({"r.txt": "read"}, 0)


def test_only_one_looks_at_a_time(partner):
    factories.BridgeFactory(erp=partner.connection)
    partner.leave(stores.IN, "r.txt", arrivals())
    looks = []

    def look(mark):
        looks.append(exchange.read_due(now=partner.now))

    feeds.read(
        connection=partner.connection,
        feed="exchange",
        every=timedelta(minutes=1),
        act=look,
        now=partner.now,
    )

    assert looks == [0]
    assert states() == {}
    assert exchange.read_due(now=partner.now + timedelta(minutes=2)) == 1
    assert states() == {"r.txt": "waiting"}


def test_what_files_held_is_forgotten_after_its_time_and_what_they_told_stays(partner, documents):
    batch = partner.send(*documents)
    partner.leave(stores.ACK, "ack.txt", acknowledged(1, is_accepted=True))
    partner.look()

    forget_raw(now=partner.now + timedelta(days=91))

    file, kept = ExchangeFile.objects.get(), documents[0].exchange_lines.get().batch
    assert (bytes(file.content), bytes(kept.content)) == (b"", b"")
    assert (file.told, kept.sha256) == ({"acknowledgements": 1}, batch.sha256)
