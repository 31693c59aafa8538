"""The tables of people, one module per subject."""

from apps.accounts.models.invitation import Invitation
from apps.accounts.models.login import DatabaseLogin
from apps.accounts.models.mapping import RoleMapping, UnknownClaim
from apps.accounts.models.person import AuthProvider, SignInAttempt, Tenant, User
from apps.accounts.models.quota import Quota, QuotaRequest, QuotaRequestStatus, Strictness
from apps.accounts.models.token import ApiToken, TokenScope
from apps.accounts.models.web_session import SeenLogoutToken, WebSession

__all__ = [
    "ApiToken",
    "AuthProvider",
    "DatabaseLogin",
    "Invitation",
    "Quota",
    "QuotaRequest",
    "QuotaRequestStatus",
    "RoleMapping",
    "SeenLogoutToken",
    "SignInAttempt",
    "Strictness",
    "Tenant",
    "TokenScope",
    "UnknownClaim",
    "User",
    "WebSession",
]
