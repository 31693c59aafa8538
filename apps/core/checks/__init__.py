"""What `manage.py check --deploy` asks of an installation: every finding has an id and names the variable to change.

Production processes refuse to start on some of these values already; the checks also judge the settings that follow
from them, and say beforehand what an installation that is not in production yet lacks.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from apps.core.checks.oidc import oidc_findings
from apps.core.checks.roles import serving_roles_check
from apps.core.checks.services import service_findings
from apps.core.checks.web import web_findings


def deployment_check(app_configs: Sequence[Any] | None, **options: Any) -> Iterable[CheckMessage]:
    """Return everything that is unsafe about the settings in force."""
    return findings(settings)


def findings(judged: Any) -> list[CheckMessage]:
    """Return what is unsafe about settings, in force or not."""
    return [*web_findings(judged), *service_findings(judged), *oidc_findings(judged)]


def register_checks() -> None:
    """Make the checks part of `check --deploy`."""
    register(deployment_check, Tags.security, deploy=True)
    register(serving_roles_check, Tags.security)
