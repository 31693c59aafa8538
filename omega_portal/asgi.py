"""The web process: pages, REST and the live socket."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omega_portal.settings.django")
os.environ.setdefault("OMEGA_PROCESS", "web")

import django

django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import SessionMiddlewareStack

from apps.core.bodies import BoundedBodies
from apps.core.handler import OneThread
from apps.core.headers import OF_PAGES, SafeHeaders
from apps.portal.routing import websocket_urlpatterns
from omega_portal import urls  # noqa: F401 - with all views, before the first request instead of in it

application = ProtocolTypeRouter(
    {
        "http": SafeHeaders(BoundedBodies(OneThread()), OF_PAGES),
        "websocket": AllowedHostsOriginValidator(SessionMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)

# What is loaded by now stays for good: looking through it again and again would hold up requests.
gc.collect()
gc.freeze()
