"""What every HTTP answer tells browsers, whoever made it: Django, a static file, a refusal before, the ingest door."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

UNUSED_POWERS: Final = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
    "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
# A page that says nothing itself is no page: it may load nothing and stand in no frame.
ALWAYS: Final = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(f"{power}=()" for power in UNUSED_POWERS),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
OF_PAGES: Final = {"reporting-endpoints": 'csp="/csp-report/"'}


class SafeHeaders:
    """Adds headers that an answer lacks; those it has are its own business."""

    def __init__(self, application: Application, more: Mapping[str, str] | None = None) -> None:
        """Take the application behind, and headers for its answers beside those for all."""
        self._application = application
        self._headers = [(n.encode("ascii"), v.encode("ascii")) for n, v in {**ALWAYS, **(more or {})}.items()]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        """Serve one connection; only HTTP answers have headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {bytes(name).lower() for name, _ in message.get("headers", ())}
                missing = [header for header in self._headers if header[0] not in there]
                message = {**message, "headers": [*message.get("headers", ()), *missing]}
            await send(message)

        await self._application(scope, receive, with_headers if scope["type"] == "http" else send)


def of_encrypted(hsts_seconds: int) -> dict[str, str]:
    """Return what a door without Django says about encryption; nothing where there is none."""
    return {"strict-transport-security": f"max-age={hsts_seconds}"} if hsts_seconds else {}
