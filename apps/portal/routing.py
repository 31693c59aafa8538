"""Socket addresses."""

from django.urls import URLPattern, path

from apps.portal.consumers import LiveConsumer

websocket_urlpatterns: list[URLPattern] = [path("ws/live/", LiveConsumer.as_asgi())]
