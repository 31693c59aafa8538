"""The role mapping: read, changed, tried out."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import RoleMapping
from apps.accounts.permissions import Action
from apps.accounts.selectors.roles import mapping_by_id, mappings, try_claims, unknown_claims
from apps.accounts.services.mappings import add_mapping, edit_mapping, remove_mapping
from apps.api.base import PeopleView
from apps.api.describe import READ, WRITE, describe
from apps.api.serializers.roles import (
    MappingEdit,
    MappingIn,
    MappingOut,
    MappingRemoval,
    MappingsOut,
    TrialIn,
    TrialOut,
    UnknownOut,
)
from apps.api.versions import tagged, told_if_stale, version_read
from apps.core.errors import Invalid

MADE = (*READ, 409, 413, 415)


class RoleMappings(PeopleView):
    """The mapping."""

    actions = {"GET": Action.ROLES_MAP, "POST": Action.ROLES_MAP}

    @describe("Show the role mapping", MappingsOut, tag="roles", refusals=READ)
    def get(self, request: Request) -> Response:
        """Every mapped value, and those that came and are not mapped."""
        known: Any = mappings()
        unknown: Any = unknown_claims()
        found = {"results": MappingOut(known, many=True).data, "unknown": UnknownOut(unknown, many=True).data}
        return Response(found)

    @describe("Map a value to a role", MappingOut, tag="roles", status=201, body=MappingIn, refusals=MADE)
    def post(self, request: Request) -> Response:
        """Map one more value."""
        return mapping_answer(add_mapping(actor=self.person, **self.body(MappingIn)), status=201)


class RoleMappingDetail(PeopleView):
    """One line of the mapping."""

    actions = {"GET": Action.ROLES_MAP, "PATCH": Action.ROLES_MAP}

    @describe("Show a mapped value", MappingOut, tag="roles")
    def get(self, request: Request, mapping_id: UUID) -> Response:
        """A line, with the ETag that a change must name."""
        return mapping_answer(mapping_by_id(mapping_id))

    @describe("Edit a mapped value", MappingOut, tag="roles", body=MappingEdit, refusals=WRITE, if_match=True)
    def patch(self, request: Request, mapping_id: UUID) -> Response:
        """Write the fields given and leave the others."""
        row, version, changes = mapping_by_id(mapping_id), version_read(request), self.body(MappingEdit)
        if not changes:
            raise Invalid("nothing_to_change", "Name at least one field to change.")
        kept = {name: getattr(row, name) for name in ("claim_value", "role", "comment")}
        with told_if_stale():
            return mapping_answer(edit_mapping(actor=self.person, mapping=row, version=version, **{**kept, **changes}))


class RoleMappingRemove(PeopleView):
    """The end of a line."""

    actions = {"POST": Action.ROLES_MAP}

    @describe(
        "Remove a mapped value", None, tag="roles", status=204, body=MappingRemoval, refusals=WRITE, if_match=True
    )
    def post(self, request: Request, mapping_id: UUID) -> Response:
        """Take a value out of the mapping; it gives no role from then on."""
        row, version = mapping_by_id(mapping_id), version_read(request)
        why = self.body(MappingRemoval)
        with told_if_stale():
            remove_mapping(actor=self.person, mapping=row, version=version, **why)
        return Response(status=204)


class RoleMappingTrial(PeopleView):
    """A trial of the mapping."""

    actions = {"POST": Action.ROLES_MAP}

    @describe("Try the role mapping", TrialOut, tag="roles", body=TrialIn, refusals=(*READ, 413, 415))
    def post(self, request: Request) -> Response:
        """Tell which role the claims of a token would give now, and why; nothing is kept."""
        found = try_claims(self.body(TrialIn)["claims"])
        steps = [{"value": reason.value, "role": reason.role} for reason in found.reasons]
        return Response({"role": found.role, "problem": found.problem, "steps": steps, "unknown": list(found.unknown)})


def mapping_answer(row: RoleMapping, status: int = 200) -> Response:
    """Return the answer that shows a line of the mapping."""
    return tagged(row, Response(MappingOut(row).data, status=status))
