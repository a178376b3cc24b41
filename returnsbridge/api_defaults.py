"""What an API view gets that says nothing about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

if TYPE_CHECKING:
    # The view's module reads this class while it is being imported.
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Nobody(BasePermission):
    """Refuse everyone: each view names its own capability."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False
