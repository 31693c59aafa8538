"""Logging: one line a record on standard error, with control characters escaped."""

from typing import Any


def logging_config(level: str) -> dict[str, Any]:
    """Return Django's LOGGING for a level name such as INFO."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "apps.core.logs.LineFormatter"}},
        "filters": {"line_only": {"()": "apps.core.logs.WithoutTraceback"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level},
            "django.db.backends": {"level": "WARNING"},
            "django.security.DisallowedHost": {"filters": ["line_only"]},
            # The server brings handlers of its own, which would write what comes from outside as it is.
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.error": {"handlers": [], "propagate": True},
            "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
