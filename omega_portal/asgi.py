"""The web process: pages, REST and the live socket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omega_portal.settings.django")
os.environ.setdefault("OMEGA_PROCESS", "web")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import SessionMiddlewareStack

from apps.core.bodies import BoundedBodies
from apps.core.headers import OF_PAGES, SafeHeaders
from apps.portal.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": SafeHeaders(BoundedBodies(http), OF_PAGES),
        "websocket": AllowedHostsOriginValidator(SessionMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
