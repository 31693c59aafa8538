"""Real log-ins of the database roles, one or several at once, as the processes of an installation have them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

from django.conf import settings
from django.db import connection, connections

from apps.core.context import ALL_TENANTS, SYSTEM, RequestContext, acting
from apps.core.timescale.base import DatabaseWrapper
from omega_portal.settings.databases import django_database

Result = TypeVar("Result")


@contextmanager
def serving_as(
    role: str, *, pool: bool = False, is_blind: bool = False, url: str | None = None
) -> Iterator[DatabaseWrapper]:
    """Make `default` of this thread a log-in of a role, committing for real; use it with `committed`.

    A pool holds one connection, so that whoever comes next gets the one before. What is asked outside of any context
    sees every row, as the test does; a blind log-in sees none then, as the process of an installation. `url` leads
    there by another way than straight.
    """
    owner = connections["owner"].settings_dict
    own = django_database(settings.OMEGA, url or settings.DATABASE_ROLE_URLS[role], pool=pool)
    if not is_blind:
        own["OPTIONS"]["options"] = f"-c omega.tenant_ids={ALL_TENANTS} -c omega.role={SYSTEM}"
    if pool:
        own["OPTIONS"]["pool"]["max_size"] = 1
    wrapper = DatabaseWrapper({**owner, **own, "NAME": owner["NAME"]}, alias="default")
    before = connections["default"]
    connections["default"] = wrapper
    try:
        yield wrapper
    finally:
        connections["default"] = before
        wrapper.close()
        if pool:
            wrapper.close_pool()


def in_parallel(role: str, works: Sequence[Callable[[], Result]]) -> list[Result | BaseException]:
    """Do everything at the same moment, each on its own connection; returns results and errors in order."""
    together = Barrier(len(works))

    def one(work: Callable[[], Result]) -> Result:
        with serving_as(role), acting(RequestContext(user_role=SYSTEM, tenant_ids=ALL_TENANTS)):
            connection.ensure_connection()
            together.wait(timeout=20)
            try:
                return work()
            finally:
                connections.close_all()

    with ThreadPoolExecutor(len(works)) as threads:
        futures = [threads.submit(one, work) for work in works]
    return [future.exception() or future.result() for future in futures]
