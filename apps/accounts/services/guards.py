"""What must hold whoever changes an account: somebody remains to administer, and nobody reaches above themselves."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from apps.accounts.models import AuthProvider, User
from apps.accounts.permissions import Role, may_give
from apps.accounts.selectors.people import sees_all_tenants
from apps.core.context import acting, as_system, current
from apps.core.errors import Conflict, Forbidden, Invalid

LAST_ADMIN: Final = "This is the last open ADMIN account here; make another one first."


@dataclass(frozen=True, slots=True)
class Standing:
    """What of an account decides whether it can administer, and for whom (None = all tenants)."""

    role: str
    is_active: bool
    tenant_id: UUID | None


def standing(user: User) -> Standing:
    """Return an account's standing as it is now."""
    return Standing(user.role, user.is_active, user.tenant_id)


def keep_an_admin(user: User, becomes: Standing) -> None:
    """Raise Conflict `last_admin` when a change would leave nobody to administer what this person administers.

    Must run inside the changing transaction and before its other locks: the open ADMIN accounts stay locked until
    it ends, so that two changes at once cannot each count on the other's person. An ADMIN by an override that ends
    by itself is not counted on.
    """
    with acting(as_system(email=current().user_email, user_id=current().user_id)):
        admins = list(User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk"))
    me = next((admin for admin in admins if admin.pk == user.pk), None)
    if me is None or _covers(becomes, me.tenant_id):
        return
    others = (standing(admin) for admin in admins if admin.pk != me.pk and not _ends_by_itself(admin))
    if not any(_covers(other, me.tenant_id) for other in others):
        raise Conflict("last_admin", LAST_ADMIN)


def refuse_to_exceed(actor: User, role: str, field: str = "role") -> None:
    """Raise Forbidden when somebody gives a role above their own."""
    if not may_give(actor, role):
        raise Forbidden("above_your_role", "You cannot give more than your own role.", field=field)


def may_change(actor: User, user: User) -> bool:
    """Tell whether an account is for somebody to change at all: a superuser's is for superusers alone.

    Everybody who may end sessions and tokens of others may end a superuser's too: that takes nothing for good.
    """
    return actor.is_superuser or not user.is_superuser


def refuse_superuser(actor: User, user: User) -> None:
    """Raise Forbidden when somebody else than a superuser would change a superuser's account."""
    if not may_change(actor, user):
        raise Forbidden("superuser", "Only a superuser changes the account of a superuser.")


def refuse_own_account(actor: User, user: User, detail: str) -> None:
    """Raise Conflict `own_account` when somebody would change of themselves what others must decide."""
    if actor.pk == user.pk:
        raise Conflict("own_account", f"{detail}; ask another administrator.")


def refuse_foreign_tenant(actor: User, tenant_id: UUID | None) -> None:
    """Raise Forbidden when somebody bound to a tenant reaches beyond it."""
    if not sees_all_tenants(actor) and tenant_id != actor.tenant_id:
        raise Forbidden("other_tenant", "You administer your own tenant only.", field="tenant")


def may_be_linked(user: User) -> bool:
    """Tell whether an account may be handed to an identity: local, open, unlinked, and with no special power."""
    is_plain = not (user.is_superuser or user.role == Role.ADMIN or user.role_override)
    is_free = user.auth_provider == AuthProvider.LOCAL and not user.keycloak_user_id
    return is_plain and is_free and user.is_active


def refuse_unless_for_all(actor: User) -> None:
    """Raise Forbidden for somebody bound to a tenant: this is of the whole installation."""
    if not sees_all_tenants(actor):
        raise Forbidden("all_tenants_needed", "This concerns every tenant: only an ADMIN bound to none may change it.")


def refuse_homeless(role: str, tenant_id: UUID | None) -> None:
    """Raise Invalid for somebody bound to no tenant who is no ADMIN: they would see nothing at all."""
    if tenant_id is None and role != Role.ADMIN:
        raise Invalid("tenant_needed", "Only an ADMIN works for all tenants; choose a tenant.", field="tenant")


def _covers(one: Standing, tenant_id: UUID | None) -> bool:
    """Tell whether somebody administers a tenant (None = all of them)."""
    return one.role == Role.ADMIN and one.is_active and one.tenant_id in (None, tenant_id)


def _ends_by_itself(admin: User) -> bool:
    """Tell whether somebody is ADMIN for a while only."""
    return admin.role_override and admin.role_override_until is not None
