"""Who was logged in on which machine, as its agent told."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.models import uuid_key
from apps.metrics.models.fields import real
from apps.nodes.models import Node


class Minutes(models.Func):
    """Minutes from the second moment to the first, in a form that a generated column may have."""

    template = "(EXTRACT(EPOCH FROM (%(expressions)s)) / 60)::double precision"
    arg_joiner = " - "
    output_field = models.FloatField()


class UserSession(models.Model):
    """One login on a machine. `user` is the portal's person of that name, where exactly one of the tenant has it."""

    id = uuid_key("session_id")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="logins")
    username = models.CharField(max_length=255, help_text="The account's name on the machine.")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, db_index=False, related_name="logins")
    terminal = models.CharField(max_length=100, blank=True, db_default="")
    login_time = models.DateTimeField()
    logout_time = models.DateTimeField(null=True, blank=True)
    session_duration_minutes = models.GeneratedField(
        expression=Minutes(F("logout_time"), F("login_time")), output_field=models.FloatField(), db_persist=True
    )
    active_processes = models.JSONField(
        default=list, blank=True, db_default=Value([], models.JSONField()), db_comment="the person's major processes"
    )
    peak_cpu_usage = real("percent of the whole machine, 0-100")
    peak_ram_usage = real("percent of the machine's memory, 0-100")
    is_active = models.BooleanField(default=True, db_default=True)
    reported_at = models.DateTimeField(db_default=Now(), editable=False, db_comment="when the agent last saw it")

    class Meta:
        """Table `user_sessions`; its unique key makes telling a login twice harmless and finds those of a node."""

        db_table = "user_sessions"
        verbose_name = "login"
        ordering = ("-login_time",)
        constraints = (
            models.UniqueConstraint(fields=["node", "username", "terminal", "login_time"], name="user_sessions_once"),
            models.CheckConstraint(condition=Q(logout_time__gte=F("login_time")), name="user_sessions_ends_later"),
            models.CheckConstraint(
                condition=Q(is_active=True, logout_time=None) | Q(is_active=False, logout_time__isnull=False),
                name="user_sessions_active_until_logout",
            ),
            models.CheckConstraint(
                condition=Q(peak_cpu_usage__range=(0, 100), peak_ram_usage__range=(0, 100)),
                name="user_sessions_peaks_are_percents",
            ),
        )
        indexes = (
            models.Index(fields=["-login_time"], name="user_sessions_newest"),
            models.Index(fields=["node"], condition=Q(is_active=True), name="user_sessions_active"),
        )

    def __str__(self) -> str:
        """Show who and since when."""
        return f"{self.username} {self.login_time:%F %T}"
