"""Why a sign-in through the identity provider does not succeed."""

from dataclasses import dataclass
from uuid import UUID

from apps.core.errors import Forbidden, PortalError

RETRY_SECONDS = 30


class ProviderUnavailable(PortalError):
    """The identity provider does not answer, or not with what it promised; trying again later may help."""

    status = 503

    def __init__(self, what: str) -> None:
        """Take what was asked of it, and how that failed."""
        super().__init__("sign_in_service_unavailable", f"The sign-in service does not answer ({what}).")


class ClientRefused(ProviderUnavailable):
    """The identity provider does not know this portal by the name and secret it gives: a setting is at fault.

    As long as it lasts nobody can be asked about, so sessions are treated as while the provider is away.
    """


class GrantRefused(Forbidden):
    """The identity provider refuses a code or a refresh token for good."""

    def __init__(self, error: str) -> None:
        """Take the provider's own word for it."""
        super().__init__("grant_refused", "The sign-in service no longer accepts this sign-in. Start again.")
        self.error = error


class TokenRefused(Forbidden):
    """A token that is not what the identity provider issues to this portal; `why` is for the log."""

    def __init__(self, why: str) -> None:
        """Take the check that failed."""
        super().__init__("token_refused", "The answer of the sign-in service could not be trusted. Start again.")
        self.why = why


@dataclass(frozen=True, slots=True)
class Identity:
    """Who was refused: the provider's subject, a verified e-mail or none, and the account it has here or none."""

    subject: str
    email: str
    account_id: UUID | None = None
    account_email: str = ""
    tenant_id: UUID | None = None


class SignInRefused(Forbidden):
    """A proven identity that may not come in; `values` are those of the roles claim that no mapping knows.

    `identity` is whose, for the log alone; None while nobody was proven.
    """

    def __init__(self, code: str, detail: str, *, values: tuple[str, ...] = ()) -> None:
        """Take a code for the log and a sentence that tells what to do."""
        super().__init__(code, detail)
        self.values = values
        self.identity: Identity | None = None


def account_closed() -> SignInRefused:
    """Return the refusal of somebody whose account is closed here."""
    return SignInRefused("account_closed", "Your account here is closed. Ask an administrator.")
