"""Refusals that only this door knows."""

from rest_framework.exceptions import APIException, PermissionDenied

from apps.accounts.permissions import Action


class CsrfFailed(PermissionDenied):
    """A write by session without a valid CSRF token."""

    default_detail = "The CSRF token is missing or wrong; send the X-CSRFToken header."
    default_code = "csrf_failed"


class Refused(PermissionDenied):
    """A signed-in person asked for what their role does not allow; the refusal is kept in the audit log."""

    default_code = "forbidden"

    def __init__(self, action: Action) -> None:
        """Remember the action."""
        super().__init__(f"Your role does not allow {action}.")
        self.action = action


class Unavailable(APIException):
    """The database is away; the same request is welcome later."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "The database cannot be reached at the moment; nothing was done."
