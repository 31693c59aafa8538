"""People as others see them: lists, one person, what belongs to them. Nobody outside the viewer's tenant is found."""

from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from apps.accounts.models import ApiToken, Tenant, User, WebSession
from apps.accounts.permissions import Role
from apps.core.errors import NotFound
from apps.core.paging import BadCursor, KeysetPage, decode_cursor, encode_cursor
from apps.core.text import are_storable

ORDER = "people"
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class PeopleFilters:
    """Whom to show; empty values do not narrow."""

    text: str = ""
    role: str = ""
    provider: str = ""
    active: bool | None = None


def sees_all_tenants(viewer: User) -> bool:
    """Tell whether somebody works for all tenants."""
    return viewer.tenant_id is None and viewer.role == Role.ADMIN


def people_seen_by(viewer: User) -> QuerySet[User]:
    """Return the people whom somebody may know of: those of their tenant; an ADMIN bound to none knows all."""
    people = User.objects.select_related("tenant")
    return people if sees_all_tenants(viewer) else people.filter(tenant=viewer.tenant_id)


def matching_people(viewer: User, filters: PeopleFilters) -> QuerySet[User]:
    """Return the people who match, in no order, each with `last_seen_at`."""
    if not are_storable(astuple(filters)):
        return User.objects.none()
    exact = {"role": filters.role, "auth_provider": filters.provider}
    people = people_seen_by(viewer).filter(**{name: value for name, value in exact.items() if value})
    if filters.active is not None:
        people = people.filter(is_active=filters.active)
    if filters.text:
        people = people.filter(Q(email__icontains=filters.text) | Q(full_name__icontains=filters.text))
    newest = WebSession.objects.filter(user=OuterRef("pk")).order_by("-last_seen_at").values("last_seen_at")[:1]
    return people.annotate(last_seen_at=Greatest("last_login", Subquery(newest)))


def people_page(
    viewer: User, filters: PeopleFilters, after: str | None = None, limit: int = PAGE_SIZE
) -> KeysetPage[User]:
    """Return one page of people by e-mail in one statement; raises BadCursor."""
    people = matching_people(viewer, filters)
    cursor = decode_cursor(after, ORDER, 1) if after else None
    backwards = cursor is not None and cursor.backwards
    if cursor:
        email = cursor.values[0]
        if not isinstance(email, str):
            raise BadCursor
        people = people.filter(email__lt=email) if backwards else people.filter(email__gt=email)
    found = list(people.order_by("-email" if backwards else "email")[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    return KeysetPage(
        found,
        encode_cursor(ORDER, [found[-1].email]) if found and (has_more or backwards) else None,
        encode_cursor(ORDER, [found[0].email], backwards=True)
        if found and cursor and (has_more or not backwards)
        else None,
    )


def person_by_id(viewer: User, user_id: UUID) -> User:
    """Return a person with their tenant; raises NotFound, the same for absent and invisible."""
    found = people_seen_by(viewer).filter(pk=user_id).first()
    if found is None:
        raise NotFound("user_not_found", "There is no such person.")
    return found


def name_of(user_id: UUID | None) -> str:
    """Return the name of whoever did something, as far as the viewer may know it."""
    if user_id is None:
        return "an administrator"
    found = User.objects.filter(pk=user_id).values_list("full_name", "email").first()
    return (found[0] or found[1]) if found else "an administrator"


def open_sessions(user: User, now: datetime) -> list[WebSession]:
    """Return where a person is signed in right now, the latest seen first."""
    return list(user.web_sessions.filter(revoked_at=None, expires_at__gt=now)[:200])


def session_of(user: User, session_id: UUID) -> WebSession:
    """Return a web session of this person; raises NotFound, the same for another's."""
    found = user.web_sessions.filter(pk=session_id).first()
    if found is None:
        raise NotFound("session_not_found", "There is no such web session.")
    return found


def tokens_of(user: User) -> list[ApiToken]:
    """Return a person's API tokens, the newest first, also those that ended."""
    return list(user.api_tokens.all()[:200])


def token_of(user: User, key_id: str) -> ApiToken:
    """Return an API token of this person; raises NotFound, the same for another's."""
    found = user.api_tokens.select_related("user").filter(pk=key_id).first()
    if found is None:
        raise NotFound("token_not_found", "There is no such token.")
    return found


def tenants_seen_by(viewer: User) -> list[Tenant]:
    """Return the tenants somebody may put people into."""
    tenants = Tenant.objects.filter(is_active=True)
    if sees_all_tenants(viewer):
        return list(tenants)
    return list(tenants.filter(pk=viewer.tenant_id)) if viewer.tenant_id else []
