"""What somebody may do and why, in words, from the same table that `can` asks. Pure."""

from dataclasses import dataclass
from typing import Final

from apps.accounts.models import ApiToken, AuthProvider, TokenScope, User
from apps.accounts.permissions import ALLOWED, Action, Role, allowed

WORDS: Final[dict[Action, tuple[str, str]]] = {
    Action.OVERVIEW_VIEW: ("Fleet", "See the overview"),
    Action.NODES_VIEW: ("Fleet", "See nodes and their history"),
    Action.NODES_ENROL: ("Fleet", "Make tokens that let machines in"),
    Action.NODES_APPROVE: ("Fleet", "Approve nodes that wait"),
    Action.NODES_EDIT: ("Fleet", "Change names, labels and intervals of nodes"),
    Action.NODES_DRAIN: ("Fleet", "Drain nodes and return them to service"),
    Action.NODES_RETIRE: ("Fleet", "Retire nodes for good"),
    Action.NODE_KEYS_VIEW: ("Fleet", "See the keys of nodes"),
    Action.NODE_KEYS_ISSUE: ("Fleet", "Issue and rotate keys of nodes"),
    Action.NODE_KEYS_REVOKE: ("Fleet", "Revoke keys of nodes"),
    Action.METRICS_VIEW: ("Metrics", "See vitals, charts and custom metrics"),
    Action.METRICS_CORRECT: ("Metrics", "Correct samples of nodes, and undo corrections"),
    Action.RETENTION_EDIT: ("Metrics", "Change how long samples are kept"),
    Action.PROCESSES_VIEW: ("Metrics", "See the processes of nodes"),
    Action.USERS_VIEW: ("People", "See people and where their roles come from"),
    Action.USERS_EDIT: ("People", "Change names, roles and tenants of people"),
    Action.USERS_INVITE: ("People", "Invite people"),
    Action.USERS_DEACTIVATE: ("People", "Close and open accounts"),
    Action.USERS_OVERRIDE: ("People", "Override roles that come from the identity provider"),
    Action.ROLES_MAP: ("People", "Map values of the identity provider to roles"),
    Action.TOKENS_REVOKE_OTHERS: ("People", "Revoke other people's API tokens"),
    Action.SESSIONS_END_OTHERS: ("People", "End other people's web sessions"),
    Action.QUOTAS_VIEW: ("Quotas", "See the quotas of people and tenants"),
    Action.QUOTAS_EDIT: ("Quotas", "Set quotas"),
    Action.QUOTAS_DECIDE: ("Quotas", "Decide requests for more quota"),
    Action.QUOTAS_REQUEST: ("Quotas", "Ask for more quota"),
    Action.AUDIT_VIEW: ("Audit", "Read the audit log"),
    Action.AUDIT_EXPORT: ("Audit", "Export the audit log"),
    Action.AUDIT_VERIFY: ("Audit", "Verify the seals of the audit log"),
    Action.ADMIN_SITE: ("Audit", "Correct data in the data-correction site"),
    Action.ACCOUNT_OWN: ("Own account", "Change one's own profile and password"),
    Action.TOKENS_OWN: ("Own account", "Make and revoke one's own API tokens"),
    Action.SESSIONS_OWN: ("Own account", "See and end one's own web sessions"),
}
OF_ALL_TENANTS: Final = frozenset({Action.ROLES_MAP, Action.RETENTION_EDIT})
AREAS: Final = tuple(dict.fromkeys(area for area, _ in WORDS.values()))


@dataclass(frozen=True, slots=True)
class Right:
    """One action in words, whether it is allowed, and the reason either way."""

    action: Action
    area: str
    words: str
    is_allowed: bool
    why: str


def described(action: Action) -> tuple[str, str]:
    """Return the area and the words of an action; one that nobody described yet shows its own name."""
    return WORDS.get(action, ("Other", str(action)))


def explain(actor: User) -> list[Right]:
    """Return every action with whether and why somebody may do it, area by area."""
    granted = allowed(actor)
    rights = [
        Right(action, *described(action), action in granted, _why(actor, action, is_granted=action in granted))
        for action in Action
    ]
    places = {area: number for number, area in enumerate(AREAS)}
    return sorted(rights, key=lambda right: places.get(right.area, len(places)))


def scope_of(actor: User) -> str:
    """Say over which rows the rights hold."""
    if actor.tenant_id:
        return f"Only what belongs to the tenant {actor.tenant}."
    return "All tenants." if actor.role == Role.ADMIN else "No tenant, hence no rows at all."


def role_source(actor: User) -> str:
    """Say where somebody's role comes from."""
    if actor.role_override:
        return "override"
    return "mapping" if actor.auth_provider == AuthProvider.KEYCLOAK else "local"


def token_allows(token: ApiToken) -> str:
    """Say what a token may be used for, within what its person may do."""
    if TokenScope.WRITE in token.scopes:
        return "Everything its person may do over REST"
    return "Reading only, within what its person may do"


SOURCES: Final = {
    "override": "set here over the identity provider's",
    "mapping": "mapped from the identity provider",
    "local": "set for this local account",
}


def _why(actor: User, action: Action, *, is_granted: bool) -> str:
    """Say why an action is allowed or not."""
    if not actor.is_active:
        return "The account is closed: nothing is allowed."
    if actor.is_superuser:
        return "Superuser: everything is allowed, whatever the role."
    source = SOURCES[role_source(actor)]
    if is_granted:
        bound = " Reading it only: it concerns all tenants." if action in OF_ALL_TENANTS and actor.tenant_id else ""
        return f"Role {actor.role}, {source}.{bound}"
    return f"Needs {_roles_with(action)}; the role is {actor.role}, {source}."


def _roles_with(action: Action) -> str:
    """Name the roles that may do something, the least one last."""
    *others, last = [role.value for role in Role if action in ALLOWED[role]] or ["a superuser"]
    return f"{', '.join(others)} or {last}" if others else last
