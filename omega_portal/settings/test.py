"""Settings of the tests: the same, with `default` acting as the web process's database role.

The connection logs in as the owner and takes on `omega_portal`, so that one transaction can also act as the other
roles; processes that tests start log in as their roles for real. What a test itself asks sees every row; requests it
makes act for whoever sends them. Each parallel test worker has a Redis database, and
with it a live channel, of its own: what one announces is not heard by another's tests.
"""

import os
from copy import deepcopy
from urllib.parse import urlsplit

from omega_portal.settings.django import *  # noqa: F403
from omega_portal.settings.django import CACHES, DATABASES, REDIS_URL

TEST_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# Two for each worker: one for its tests, the next for the whole portals they start.
REDIS_URL = urlsplit(REDIS_URL)._replace(path=f"/{2 * TEST_WORKER % 12}").geturl()
CACHES["default"]["LOCATION"] = REDIS_URL
CELERY_BROKER_URL = REDIS_URL

_default = deepcopy(DATABASES["owner"])
_default["ATOMIC_REQUESTS"] = True
_default["OPTIONS"] |= {
    "assume_role": "omega_portal",
    "options": "-c search_path=series,public -c omega.tenant_ids=all -c omega.role=SYSTEM",
}
DATABASES = {"default": _default, "owner": DATABASES["owner"] | {"ATOMIC_REQUESTS": False}}
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
