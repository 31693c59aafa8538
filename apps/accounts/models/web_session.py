"""Where people are signed in. Ending a row ends the session it stands for."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models.person import AuthProvider, User
from apps.core.models import one_of, uuid_key
from apps.core.secrets import EncryptedTextField


class WebSession(models.Model):
    """One browser in which a person is signed in.

    `session_digest` is the SHA-256 of the session cookie (hex), which is kept nowhere. `expires_at` is the absolute
    end; the idle end follows from `last_seen_at`. The tokens of the identity provider stand encrypted.
    """

    id = uuid_key("token_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="web_sessions")
    session_digest = models.CharField(max_length=64, unique=True)
    auth_provider = models.CharField(max_length=20, choices=AuthProvider, default=AuthProvider.LOCAL)
    oidc_issuer = models.CharField(max_length=255, blank=True, db_default="")
    oidc_sid = models.CharField(max_length=255, blank=True, db_default="")
    refresh_token = EncryptedTextField(null=True, blank=True, editable=False)
    id_token = EncryptedTextField(null=True, blank=True, editable=False)
    revalidated_at = models.DateTimeField(null=True, blank=True)
    # When the identity provider last answered for it, and since when it could not be asked; NULL while it answers.
    vouched_at = models.DateTimeField(null=True, blank=True)
    unanswered_since = models.DateTimeField(null=True, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=60, blank=True, db_default="")

    class Meta:
        """Table `web_sessions`."""

        db_table = "web_sessions"
        ordering = ("-last_seen_at",)
        indexes = (
            models.Index(fields=["user"], condition=Q(revoked_at=None), name="web_sessions_open"),
            models.Index(fields=["oidc_sid"], condition=~Q(oidc_sid=""), name="web_sessions_sid"),
            models.Index(
                fields=["revalidated_at"],
                condition=Q(revoked_at=None, refresh_token__isnull=False),
                name="web_sessions_due",
            ),
        )
        constraints = (one_of("auth_provider", AuthProvider, "web_sessions_provider_known"),)

    def __str__(self) -> str:
        """Show since when."""
        return f"since {self.created_at:%F %T}"


class SeenLogoutToken(models.Model):
    """The `jti` of an accepted logout token, kept until the token itself is over: each counts once."""

    jti = models.CharField(max_length=255, primary_key=True)
    expires_at = models.DateTimeField()

    class Meta:
        """Table `seen_logout_tokens`."""

        db_table = "seen_logout_tokens"

    def __str__(self) -> str:
        """Show the id."""
        return self.jti
