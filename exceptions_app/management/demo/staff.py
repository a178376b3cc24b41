"""People of the teams who press the buttons of an exception, each within their own right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group, User

from exceptions_app import permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import FixKind, FixStatus, MappingKind, Role
from exceptions_app.management.demo.world import Clock
from exceptions_app.models import Case, Fix
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.services import differences, fixes

# One asks, and up to two others agree.
_OF_EACH_ROLE = 3
_ROLES = (Role.WAREHOUSE, Role.FINANCE, Role.MERCHANDISING, Role.INTEGRATOR)


@dataclass
class Staff:
    """Three of each team, none of whom can sign in."""

    clock: Clock
    people: dict[str, list[User]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in _ROLES:
            group = Group.objects.get(name=role)
            self.people[role] = []
            for number in range(1, _OF_EACH_ROLE + 1):
                person, _ = User.objects.get_or_create(
                    username=f"{role}-{number}",
                    defaults={"first_name": role.label, "last_name": str(number), "password": "!"},
                )
                person.groups.set([group])
                self.people[role].append(person)

    def integrator(self) -> User:
        return self.people[Role.INTEGRATOR][0]

    def decide(
        self, case: Case, kind: FixKind, *, reason: str = "", value: str = "", **payload: Any
    ) -> Fix:
        """Ask for the change that the exception offers, and have it approved where it must be."""
        assert case.bridge is not None
        fix = fixes.request(
            kind=kind,
            bridge=case.bridge,
            actor=self._asker(kind, case),
            now=self.clock.now,
            payload=payload,
            case=case,
            rma=None if kind in MappingKind.values else case.rma,
            source_value=value,
            reason_code=reason,
            note="Checked with the other side",
        )
        return self._approved(fix)

    def settle(self, case: Case, act: str) -> Fix:
        """Have finance settle the whole difference of the exception by `act`."""
        fix = differences.settle(
            case_id=case.pk,
            seen=case.version,
            act=act,
            actor=self._asker(differences.KIND_OF[act], case),
            now=self.clock.now,
            reason_code="platform_error",
        )
        return self._approved(fix)

    def _asker(self, kind: FixKind, case: Case) -> User:
        allowed = permissions.CAPABILITIES[permissions.FIX_CAPABILITY[kind]]
        if kind == FixKind.CLOSE:
            allowed = permissions.closing_roles(catalogue_entry(case.type))
        return next(self.people[role][0] for role in _ROLES if role in allowed)

    def _approved(self, fix: Fix) -> Fix:
        roles = fixes_selector.approving(fix)
        others = [
            person
            for role in _ROLES
            if role in roles
            for person in self.people[role]
            if person.pk != fix.requested_by_id
        ]
        for person in others:
            if fix.status != FixStatus.REQUESTED:
                break
            fix = fixes.approve(
                fix_id=fix.pk, seen_hash=fix.payload_hash, actor=person, now=self.clock.now
            )
        return fix
