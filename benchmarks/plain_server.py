"""A Django application with no middleware and two addresses, for an ASGI server: see `plain_views`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omega_portal.settings.django")

from django.conf import settings
from django.core.asgi import get_asgi_application

settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "benchmarks.plain_views"
settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False
application = get_asgi_application()
