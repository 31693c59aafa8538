"""The one table that says what a role may do; pages, REST, admin and sockets ask `can`."""

from enum import StrEnum
from typing import Protocol

from django.db.models import TextChoices


class Role(TextChoices):
    """The five roles of people; agents are nodes with keys and have none."""

    ADMIN = "ADMIN"
    DEVOPS = "DEVOPS"
    ANALYST = "ANALYST"
    USER = "USER"
    READONLY = "READONLY"


# From the mightiest down: nobody gives away more than they have.
MIGHT: tuple[str, ...] = (Role.ADMIN, Role.DEVOPS, Role.ANALYST, Role.USER, Role.READONLY)


class Action(StrEnum):
    """Everything that needs permission."""

    OVERVIEW_VIEW = "overview.view"
    NODES_VIEW = "nodes.view"
    NODES_ENROL = "nodes.enrol"
    NODES_APPROVE = "nodes.approve"
    NODES_EDIT = "nodes.edit"
    NODES_DRAIN = "nodes.drain"
    NODES_RETIRE = "nodes.retire"
    NODE_KEYS_VIEW = "node_keys.view"
    NODE_KEYS_ISSUE = "node_keys.issue"
    NODE_KEYS_REVOKE = "node_keys.revoke"
    METRICS_VIEW = "metrics.view"
    METRICS_CORRECT = "metrics.correct"
    RETENTION_EDIT = "retention.edit"
    PROCESSES_VIEW = "processes.view"
    AUDIT_VIEW = "audit.view"
    AUDIT_EXPORT = "audit.export"
    AUDIT_VERIFY = "audit.verify"
    USERS_VIEW = "users.view"
    USERS_EDIT = "users.edit"
    USERS_INVITE = "users.invite"
    USERS_DEACTIVATE = "users.deactivate"
    USERS_OVERRIDE = "users.override"
    ROLES_MAP = "roles.map"
    QUOTAS_VIEW = "quotas.view"
    QUOTAS_EDIT = "quotas.edit"
    QUOTAS_DECIDE = "quotas.decide"
    QUOTAS_REQUEST = "quotas.request"
    TOKENS_REVOKE_OTHERS = "tokens.revoke_others"
    SESSIONS_END_OTHERS = "sessions.end_others"
    ACCOUNT_OWN = "account.own"
    TOKENS_OWN = "tokens.own"
    SESSIONS_OWN = "sessions.own"
    ADMIN_SITE = "admin.site"


class Actor(Protocol):
    """What `can` needs to know of somebody, signed in or not."""

    @property
    def is_authenticated(self) -> bool:
        """Whether they signed in."""

    @property
    def is_active(self) -> bool:
        """Whether their account is open."""


_OWN = frozenset({Action.ACCOUNT_OWN, Action.TOKENS_OWN, Action.SESSIONS_OWN})
_SEE = _OWN | {Action.OVERVIEW_VIEW, Action.NODES_VIEW, Action.METRICS_VIEW}
_USE = _SEE | {Action.QUOTAS_REQUEST}
_OPERATE = _USE | {
    Action.NODES_ENROL,
    Action.NODES_APPROVE,
    Action.NODES_EDIT,
    Action.NODES_DRAIN,
    Action.NODES_RETIRE,
    Action.NODE_KEYS_VIEW,
    Action.NODE_KEYS_ISSUE,
    Action.NODE_KEYS_REVOKE,
    Action.PROCESSES_VIEW,
    Action.AUDIT_VIEW,
    Action.USERS_VIEW,
    Action.QUOTAS_VIEW,
}
ALLOWED: dict[str, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.DEVOPS: _OPERATE,
    Role.ANALYST: _USE | {Action.AUDIT_VIEW, Action.AUDIT_EXPORT, Action.AUDIT_VERIFY},
    Role.USER: _USE,
    Role.READONLY: _SEE,
}
NOTHING: frozenset[Action] = frozenset()


def allowed(actor: Actor) -> frozenset[Action]:
    """Return everything somebody may do; nothing for strangers and closed accounts."""
    if not (actor.is_authenticated and actor.is_active):
        return NOTHING
    if getattr(actor, "is_superuser", False):
        return ALLOWED[Role.ADMIN]
    return ALLOWED.get(getattr(actor, "role", ""), NOTHING)


def may_give(actor: Actor, role: str) -> bool:
    """Tell whether somebody may give a role to others: their own and lesser ones."""
    own = Role.ADMIN if getattr(actor, "is_superuser", False) else getattr(actor, "role", "")
    return own in MIGHT and role in MIGHT and MIGHT.index(own) <= MIGHT.index(role)


def can(actor: Actor, action: Action) -> bool:
    """Tell whether somebody may do this."""
    return action in allowed(actor)
