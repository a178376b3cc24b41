"""What a playbook's step tells of the exception at hand: its parcel, its depots, its people."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import Step
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import CASE_OPEN, FixKind, MappingKind
from exceptions_app.models import Bridge, Case, Connection, Rma
from exceptions_app.selectors import customers, depots, earlier
from exceptions_app.services import setup
from exceptions_app.templatetags.desk import when
from exceptions_app.views import roll_back, step_items, step_orders

_BY_TYPE = {step_items.CASE_TYPE: step_items.of_step, "VAT_SETTING": step_orders.of_step}


def of(step: Step, case: Case, request: HttpRequest) -> dict[str, str]:
    """What stands below the step, in place of what its link says in general; {} for most."""
    if case.status not in CASE_OPEN:
        return {}
    return _BY_TYPE.get(case.type, _of_link)(step, case, request)


def _of_link(step: Step, case: Case, request: HttpRequest) -> dict[str, str]:
    if case.rma is not None and step.link in ("parcel", "depots", "place"):
        return _of_return(step.link, case.rma, case, request)
    if step.link == "earlier":
        return _earlier(case)
    if case.connection is not None and step.link in ("keys", "own_connection"):
        return _connection(step.link, case.connection, request)
    if case.bridge is not None and step.link == "item":
        return {"template": "cases/_item_there.html"}
    if case.bridge is not None and step.link == "locations":
        return _locations(case.bridge, request)
    if case.type == roll_back.CASE_TYPE and step.link in ("mappings", "roll_back"):
        return roll_back.of_step(step, case, request)
    if case.bridge is not None and case.type == "OVER_RETURN" and step.link == "mappings":
        return _other_name(case.bridge, case, request)
    if case.bridge is not None and step.link == "mappings":
        return _mappings(case.bridge, case, request)
    return {}


def _of_return(link: str, rma: Rma, case: Case, request: HttpRequest) -> dict[str, str]:
    if link == "parcel":
        return _parcel(rma, request)
    if link == "depots":
        return _depots(rma)
    return _place_use(rma, str(case.facts.get("location", "")))


def _parcel(rma: Rma, request: HttpRequest) -> dict[str, str]:
    is_shown = permissions.can(request.user, "view_parcel_numbers")
    told = []
    address = ""
    for parcel in depots.parcels(rma=rma):
        number = parcel.number if is_shown else customers.mask(parcel.number)
        told.append(f"{parcel.carrier or 'Carrier not told'}, {number or 'no number'}.")
        if is_shown and _is_public(parcel.url):
            address = parcel.url
    told = told or [f"{rma.bridge.source.name} told no parcel."]
    source = rma.bridge.source.name
    if rma.received_at is not None:
        told.append(f"{source} says received {when(rma.received_at)}, but not where or by whom.")
    else:
        told.append("Nobody said that it was delivered, or who received it.")
    if not address:
        told.append("Look the number up at the carrier: it tells the depot that signed for it.")
        address = reverse("return-detail", args=[rma.pk])
        return {"note": " ".join(told), "url": address, "url_label": "Open the return"}
    return {"note": " ".join(told), "url": address, "url_label": "Open the carrier's page"}


def _is_public(url: str) -> bool:
    """Whether it is an address one may send a browser to; a platform may tell anything."""
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname)


def _depots(rma: Rma) -> dict[str, str]:
    found = depots.likely(rma=rma)
    named = [
        f"{each.name}{f' ({each.place})' if each.place else ', not mapped'}, where {each.units} of"
        f" the last {found.units} units of {rma.bridge.name} went"
        for each in found.depots
    ]
    if named:
        note = f"Likeliest first: {'; '.join(named)}."
    elif found.others:
        note = f"No return of {rma.bridge.name} named a place yet. Mapped: "
        note += f"{', '.join(found.others)}."
    else:
        note = f"No place of {rma.bridge.name} is mapped yet: map its depots first."
    return {"note": f"{note} The customer knows where it was sent to, if no depot has it."}


def _earlier(case: Case) -> dict[str, str]:
    """The exception that keeps the earlier message away, where one is known."""
    other = earlier.waits_for(case)
    if other is None:
        return {}
    address = reverse("case-detail", args=[other.pk])
    note = f"It waits for EX-{other.pk}: {other.title}. Solve that first."
    return {"note": note, "url": address, "url_label": f"Open EX-{other.pk}"}


def _connection(link: str, connection: Connection, request: HttpRequest) -> dict[str, str]:
    """The form of the connection for who may change it, else its page and who may."""
    page = {"url": reverse("admin:connection-history", args=[connection.pk])}
    page["url_label"] = f"Open {connection.name} here"
    if link == "keys" and permissions.can(request.user, "manage_connections"):
        page["url"] = reverse("admin:exceptions_app_connection_change", args=[connection.pk])
        return {**page, "url_label": f"Change the connection {connection.name}"}
    shown = page if permissions.can(request.user, "view_operations") else {}
    if permissions.can(request.user, "manage_connections"):
        return shown
    return {**shown, "note": f"That is for: {permissions.holders('manage_connections')}."}


def _place_use(rma: Rma, location: str) -> dict[str, str]:
    """How many returns a change of the mapping would move with this one."""
    count, looked = depots.named_lately(rma=rma, location=location)
    if not count:
        note = f"No other return of {rma.bridge.name} named “{location}” lately."
    else:
        names = "name" if count > 1 else "names"
        note = (
            f"{count} other{'s' if count > 1 else ''} of the latest {looked} returns of"
            f" {rma.bridge.name} {names} “{location}” too."
        )
    address = reverse("return-detail", args=[rma.pk])
    return {"note": note, "url": address, "url_label": f"Open return {rma}"}


def _locations(bridge: Bridge, request: HttpRequest) -> dict[str, str]:
    read_at = depots.locations_read_at(connection_id=bridge.erp_id)
    note = f"{bridge.erp.name} was read {when(read_at)}." if read_at else "They were never read."
    if permissions.can(request.user, "read_locations"):
        return {"note": note, "template": "cases/_read_locations.html"}
    who = permissions.holders("read_locations")
    return {"note": f"{note} Reading them again is for: {who}."}


def _other_name(bridge: Bridge, case: Case, request: HttpRequest) -> dict[str, str]:
    """The form that says what an SKU stands for, to whoever may fill it in; others ask."""
    sku, kind = str(case.facts.get("sku", "")), MappingKind.SKU_ALIAS
    may_open = permissions.can(request.user, "view_mappings")
    if not sku or not may_open or not setup.may_map(actor=request.user, kind=kind):
        return {}
    address = reverse("admin:mapping-map", args=[bridge.pk, kind])
    return {"url": f"{address}?{urlencode({'value': sku})}", "url_label": f"Map {sku}"}


def _mappings(bridge: Bridge, case: Case, request: HttpRequest) -> dict[str, str]:
    """The mappings of the kind that the exception offers to change, and who ends one of them."""
    kinds = [kind for kind in catalogue_entry(case.type).actions if kind in MappingKind.values]
    # Nothing of it is changed there, yet the mapping may be what is wrong.
    kinds = kinds or ([FixKind.LOCATION] if case.type == "WRONG_DEPOT" else [])
    if not kinds or not permissions.can(request.user, "view_mappings"):
        return {}
    kind = kinds[0]
    shown = {
        "url": reverse("admin:mapping-kind", args=[bridge.pk, kind]),
        "url_label": f"Open the mappings of {bridge.name}",
    }
    if not setup.may_map(actor=request.user, kind=kind):
        holders = permissions.holders(permissions.FIX_CAPABILITY[kind])
        shown["note"] = f"Asking to take one out of force is for: {holders}."
    return shown
