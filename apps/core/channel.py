"""The one channel on which changed topics are announced."""

from urllib.parse import urlsplit


def channel_of(redis_url: str) -> str:
    """Return the channel's name: channels are not kept apart by database number as keys are, so the name tells it."""
    return f"omega:live:{urlsplit(redis_url).path.strip('/') or 0}"
