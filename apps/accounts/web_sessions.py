"""The session store. The database knows a digest of each cookie, never the cookie: its rows open nothing.

`WebSession` keeps the whole SHA-256; Django's own row is found under its first 160 bits, as many as the column takes.
"""

import hashlib

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import WebSession
from apps.core.context import acting, as_system

ROW_KEY_LENGTH = 40


def digest_of(session_key: str) -> str:
    """Return the SHA-256 of a session key, in hexadecimal."""
    return hashlib.sha256(session_key.encode()).hexdigest()


def row_key(digest: str) -> str:
    """Return the key of Django's row for the digest of a session key."""
    return digest[:ROW_KEY_LENGTH]


class SessionStore(DatabaseStore):
    """Django's database sessions, filed under digests; a new key takes the person's web session along."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        """Return the running session of this key."""
        key = self.session_key
        rows = self.model.objects.filter(session_key=row_key(digest_of(key or "")), expire_date__gt=timezone.now())
        try:
            found = rows.first()
        except SuspiciousOperation:
            found = None
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str | None) -> bool:
        """Tell whether a session has this key."""
        return self.model.objects.filter(session_key=row_key(digest_of(session_key or ""))).exists()

    def create_model_instance(self, data: dict[str, object]) -> AbstractBaseSession:
        """Return the row to be written."""
        row = super().create_model_instance(data)
        row.session_key = row_key(digest_of(row.session_key))
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Delete a session, this one without a key."""
        key = session_key or self.session_key
        if key is not None:
            self.model.objects.filter(session_key=row_key(digest_of(key))).delete()

    def cycle_key(self) -> None:
        """Go on under a new key; where a person is signed in under the old one, they now are under the new."""
        before = self.session_key
        super().cycle_key()
        if before is None:
            return
        with acting(as_system()), transaction.atomic():
            WebSession.objects.filter(session_digest=digest_of(before)).update(
                session_digest=digest_of(self.session_key or "")
            )

    def renew_key(self) -> bool:
        """Go on under a new key; False, and nothing is changed, when another request of this session just did so."""
        before, data = self.session_key, self._session  # type: ignore[attr-defined]
        with acting(as_system()), transaction.atomic():
            new = self._get_new_session_key()  # type: ignore[attr-defined]
            standing = WebSession.objects.filter(session_digest=digest_of(before or ""))
            if not standing.update(session_digest=digest_of(new)):
                return False
            self._session_key, self._session_cache = new, data
            self.save(must_create=True)
            self.delete(before)
        self.modified = True
        return True

    # Nothing here waits without a thread of its own; the stock versions would file sessions under their bare keys.
    async def _aget_session_from_db(self) -> AbstractBaseSession | None:
        return await sync_to_async(self._get_session_from_db)()

    async def aexists(self, session_key: str | None) -> bool:
        """Tell whether a session has this key."""
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, object]) -> AbstractBaseSession:
        """Return the row to be written."""
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete a session, this one without a key."""
        await sync_to_async(self.delete)(session_key)

    async def acycle_key(self) -> None:
        """Go on under a new key."""
        await sync_to_async(self.cycle_key)()
