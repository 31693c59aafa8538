"""The agents' fast door for an ASGI server: `uvicorn omega_portal.ingest_asgi:application`, OMEGA_PROCESS=ingest."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omega_portal.settings.django")
os.environ.setdefault("OMEGA_PROCESS", "ingest")

from apps.ingest.asgi import IngestApplication

application = IngestApplication()
