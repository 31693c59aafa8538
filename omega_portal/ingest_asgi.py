"""The agents' fast door for an ASGI server: `uvicorn omega_portal.ingest_asgi:application`, OMEGA_PROCESS=ingest."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omega_portal.settings.django")
os.environ.setdefault("OMEGA_PROCESS", "ingest")

from django.conf import settings

from apps.core.headers import SafeHeaders, of_encrypted
from apps.ingest.asgi import IngestApplication

application = SafeHeaders(IngestApplication(), of_encrypted(settings.SECURE_HSTS_SECONDS))
