"""Quotas, and the requests for more of them."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.limits import AMOUNTS
from apps.accounts.models import Quota
from apps.accounts.permissions import Action, can
from apps.accounts.selectors.people import person_by_id, tenants_seen_by
from apps.accounts.selectors.quotas import (
    Subject,
    all_quotas,
    own_request,
    quota_by_id,
    request_by_id,
    requests_of,
    requests_page,
)
from apps.accounts.services.quotas import decide_request, request_quota, set_quota, withdraw_request
from apps.api.base import PeopleView
from apps.api.describe import READ, WRITE, describe
from apps.api.refusals import Refused
from apps.api.serializers.nodes import Nothing
from apps.api.serializers.quotas import (
    DecisionIn,
    QuotaEdit,
    QuotaIn,
    QuotaOut,
    QuotaRequestIn,
    QuotaRequestOut,
    QuotaRequestPageOut,
    QuotaRequestQuery,
)
from apps.api.versions import tagged, told_if_stale, version_read
from apps.core.errors import Invalid, NotFound


class Quotas(PeopleView):
    """The quotas of people and tenants."""

    actions = {"GET": Action.QUOTAS_VIEW, "POST": Action.QUOTAS_EDIT}

    @describe("List quotas", QuotaOut(many=True), tag="quotas", refusals=READ)  # type: ignore[arg-type]
    def get(self, request: Request) -> Response:
        """Those of tenants first, then people by e-mail."""
        rows: Any = all_quotas(self.person)
        return Response(QuotaOut(rows, many=True).data)

    @describe("Set a quota", QuotaOut, tag="quotas", status=201, body=QuotaIn, refusals=WRITE)
    def post(self, request: Request) -> Response:
        """Set a quota where none is; an existing one is changed at its own address."""
        asked = self.body(QuotaIn)
        subject, reason = self._subject(asked), asked.pop("reason", "")
        strictness = asked.pop("strictness")
        made = set_quota(
            subject=subject, strictness=strictness, values=asked, version=None, reason=reason, now=self.now
        )
        return quota_answer(made, status=201)

    def _subject(self, asked: dict[str, Any]) -> Subject:
        """Return the one person or tenant that is named; raises Invalid for none or both, NotFound for a hidden one."""
        user_id, tenant_id = asked.pop("user_id", None), asked.pop("tenant_id", None)
        if (user_id is None) == (tenant_id is None):
            raise Invalid("one_subject", "Name a person or a tenant.", field="user_id")
        if user_id:
            return Subject(user=person_by_id(self.person, user_id))
        for tenant in tenants_seen_by(self.person):
            if tenant.pk == tenant_id:
                return Subject(tenant=tenant)
        raise NotFound("tenant_not_found", "There is no such tenant.")


class QuotaDetail(PeopleView):
    """One quota."""

    actions = {"GET": Action.QUOTAS_VIEW, "PATCH": Action.QUOTAS_EDIT}

    @describe("Show a quota", QuotaOut, tag="quotas")
    def get(self, request: Request, quota_id: UUID) -> Response:
        """A quota, with the ETag that a change must name."""
        return quota_answer(quota_by_id(self.person, quota_id))

    @describe("Edit a quota", QuotaOut, tag="quotas", body=QuotaEdit, refusals=WRITE, if_match=True)
    def patch(self, request: Request, quota_id: UUID) -> Response:
        """Write the fields given and leave the others; null lifts a limit."""
        row, version, asked = quota_by_id(self.person, quota_id), version_read(request), self.body(QuotaEdit)
        reason = asked.pop("reason", "")
        if not asked:
            raise Invalid("nothing_to_change", "Name at least one field to change.")
        subject = Subject(user=row.user, tenant=row.tenant)
        with told_if_stale():
            changed = set_quota(
                subject=subject, strictness=row.strictness, values=asked, version=version, reason=reason, now=self.now
            )
        return quota_answer(changed)


class QuotaRequests(PeopleView):
    """Requests for more."""

    actions = {"GET": Action.ACCOUNT_OWN, "POST": Action.QUOTAS_REQUEST}

    @describe("List quota requests", QuotaRequestPageOut, tag="quotas", query=QuotaRequestQuery, refusals=READ)
    def get(self, request: Request) -> Response:
        """One's own, newest first; everybody's for those who decide them."""
        asked = self.query(QuotaRequestQuery)
        if asked["whose"] == "mine":
            own: Any = requests_of(self.person, asked.get("status", ""))
            return Response({"results": QuotaRequestOut(own, many=True).data, "next": None, "previous": None})
        if not can(self.person, Action.QUOTAS_DECIDE):
            raise Refused(Action.QUOTAS_DECIDE)
        page = requests_page(self.person, asked.get("status", ""), asked.get("after"), asked["limit"])
        rows = QuotaRequestOut(list(page.rows), many=True).data
        return Response({"results": rows, "next": page.next_cursor, "previous": page.previous_cursor})

    @describe(
        "Ask for more quota", QuotaRequestOut, tag="quotas", status=201, body=QuotaRequestIn,
        refusals=(*READ, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Ask; one request may be open at a time."""
        asked = self.body(QuotaRequestIn)
        amounts = {name: asked.get(name) for name in AMOUNTS}
        made = request_quota(
            user=self.person, amounts=amounts, reason=asked["reason"], until=asked["until"], now=self.now
        )
        return Response(QuotaRequestOut(made).data, status=201)


class QuotaRequestWithdraw(PeopleView):
    """The withdrawal of a request."""

    actions = {"POST": Action.QUOTAS_REQUEST}

    @describe("Withdraw a quota request", QuotaRequestOut, tag="quotas", refusals=WRITE)
    def post(self, request: Request, request_id: UUID) -> Response:
        """Take one's own open request back."""
        self.body(Nothing)
        row = own_request(self.person, request_id)
        return Response(QuotaRequestOut(withdraw_request(request=row, now=self.now)).data)


class QuotaRequestDecide(PeopleView):
    """The decision on a request."""

    actions = {"POST": Action.QUOTAS_DECIDE}

    @describe("Decide a quota request", QuotaRequestOut, tag="quotas", body=DecisionIn, refusals=WRITE)
    def post(self, request: Request, request_id: UUID) -> Response:
        """Approve or refuse somebody else's open request."""
        row, asked = request_by_id(self.person, request_id), self.body(DecisionIn)
        decided = decide_request(
            actor=self.person, request=row, is_approved=asked["approve"], comment=asked["comment"], now=self.now
        )
        return Response(QuotaRequestOut(decided).data)


def quota_answer(row: Quota, status: int = 200) -> Response:
    """Return the answer that shows a quota."""
    return tagged(row, Response(QuotaOut(row).data, status=status))
