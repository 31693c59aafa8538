"""Settings of the tests: the same, with `default` acting as the web process's database role.

The connection logs in as the owner and takes on `omega_portal`, so that one transaction can also act as the other
roles; processes that tests start log in as their roles for real.
"""

from copy import deepcopy

from omega_portal.settings.django import *  # noqa: F403
from omega_portal.settings.django import DATABASES

_default = deepcopy(DATABASES["owner"])
_default["ATOMIC_REQUESTS"] = True
_default["OPTIONS"] |= {"assume_role": "omega_portal", "options": "-c search_path=readable,public"}
DATABASES = {"default": _default, "owner": DATABASES["owner"] | {"ATOMIC_REQUESTS": False}}
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
