"""The first administrator, the first tenant, and what people change about themselves."""

import secrets
from zoneinfo import available_timezones

from django.db import transaction

from apps.accounts.models import Tenant, User
from apps.accounts.permissions import Role
from apps.accounts.services.events import record_about
from apps.core.errors import Conflict, Invalid

DEFAULT_TENANT = "default"


@transaction.atomic
def ensure_admin(*, email: str) -> str | None:
    """Create the first ADMIN with a random password and return it; None when there is an ADMIN already.

    Raises Conflict when the e-mail belongs to a closed or lesser account: nobody is promoted by a script.
    """
    if User.objects.filter(role=Role.ADMIN, is_active=True).exists():
        return None
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(
            "email_taken", f"{email} belongs to an account that is no open ADMIN; name another.", field="email"
        )
    password = secrets.token_urlsafe(15)
    user = User(email=email, full_name="Administrator", role=Role.ADMIN, username="admin")
    user.set_password(password)
    user.save()
    record_about("FIRST_ADMIN_CREATED", user)
    return password


def default_tenant() -> Tenant:
    """Return the tenant that exists from the start."""
    return Tenant.objects.get(slug=DEFAULT_TENANT)


@transaction.atomic
def update_profile(*, user: User, full_name: str, time_zone: str) -> User:
    """Change one's own name and time zone; raises Invalid for a zone nobody keeps."""
    if time_zone not in available_timezones():
        raise Invalid("unknown_time_zone", f"There is no time zone called “{time_zone[:60]}”.", field="time_zone")
    user.full_name, user.time_zone = full_name, time_zone
    user.save(update_fields=["full_name", "time_zone", "updated_at"])
    record_about("PROFILE_CHANGED", user)
    return user
