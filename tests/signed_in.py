"""Signs people in without a password, with all that belongs to a session: the cookie, Django's row and ours."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client

from apps.accounts.models import User, WebSession
from apps.accounts.services.web_sessions import add_session
from apps.core.context import acting, as_system


def sign_in(client: Client, user: User, **columns: Any) -> WebSession:
    """Sign a browser in as somebody; `columns` change the row of the session."""
    with acting(as_system()), transaction.atomic():
        client.force_login(user, backend=settings.LOCAL_BACKEND)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        session = add_session(user=user, session_key=key, now=datetime.now(UTC))
        for name, value in columns.items():
            setattr(session, name, value)
        session.save()
    return session
