"""`manage.py invite_admin NAME EMAIL`: the first admin of a new site, who invites the others."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from exceptions_app.choices import Role
from exceptions_app.errors import DeskError
from exceptions_app.services import people


class Command(BaseCommand):
    help = "Invite an admin and print the link, which works once. Everybody else is invited by one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="first and last name, in quotes")
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, secret = people.invite(
                name=options["name"],
                email=options["email"],
                roles=[Role.ADMIN],
                actor=None,
                now=timezone.now(),
            )
        except DeskError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"User name: {user.get_username()}")
        self.stdout.write(
            f"Open this on your site within {settings.INVITATION_HOURS} hours: "
            f"{reverse('invitation', args=[secret])}"
        )
