"""People: list, one person, what administrators change of them."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.permissions import Action
from apps.accounts.selectors.people import PeopleFilters, people_page, person_by_id, token_of
from apps.accounts.services.ending import activate_person, deactivate_person
from apps.accounts.services.overrides import lift_override, override_role
from apps.accounts.services.people import edit_person
from apps.accounts.services.tokens import revoke_token
from apps.accounts.services.web_sessions import end_all_sessions
from apps.api.base import PeopleView
from apps.api.describe import READ, WRITE, describe
from apps.api.serializers.people import (
    ApiTokenOut,
    EndedOut,
    OverrideIn,
    Reason,
    UserEdit,
    UserOut,
    UserPageOut,
    UserQuery,
    UserRowOut,
)
from apps.api.versions import tagged, told_if_stale, version_if_given, version_read
from apps.core.context import because
from apps.core.errors import Invalid


class Users(PeopleView):
    """The people."""

    actions = {"GET": Action.USERS_VIEW}

    @describe("List people", UserPageOut, tag="people", query=UserQuery, refusals=READ)
    def get(self, request: Request) -> Response:
        """One page of people by e-mail."""
        asked = self.query(UserQuery)
        active = {"true": True, "false": False}.get(asked.get("active", ""))
        filters = PeopleFilters(
            text=asked.get("text", ""), role=asked.get("role", ""), provider=asked.get("provider", ""), active=active
        )
        page = people_page(self.person, filters, asked.get("after"), asked["limit"])
        rows = UserRowOut(list(page.rows), many=True).data
        return Response({"results": rows, "next": page.next_cursor, "previous": page.previous_cursor})


class UserDetail(PeopleView):
    """One person."""

    actions = {"GET": Action.USERS_VIEW, "PATCH": Action.USERS_EDIT}

    @describe("Show a person", UserOut, tag="people")
    def get(self, request: Request, user_id: UUID) -> Response:
        """A person, with the ETag that a change must name."""
        return person_answer(person_by_id(self.person, user_id))

    @describe("Edit a person", UserOut, tag="people", body=UserEdit, refusals=WRITE, if_match=True)
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Write the fields given and leave the others, unless somebody changed the person since they were read."""
        user, version = person_by_id(self.person, user_id), version_read(request)
        changes = self.body(UserEdit)
        reason = changes.pop("reason", "")
        if not changes:
            raise Invalid("nothing_to_change", "Name at least one field to change.")
        with told_if_stale():
            edited = edit_person(actor=self.person, user=user, changes=changes, version=version, reason=reason)
        return person_answer(edited)


class UserDeactivate(PeopleView):
    """The end of an account."""

    actions = {"POST": Action.USERS_DEACTIVATE}

    @describe("Deactivate a person", UserOut, tag="people", body=Reason, refusals=(*WRITE, 412))
    def post(self, request: Request, user_id: UUID) -> Response:
        """Close the account; its web sessions and tokens end at once. If-Match is honoured where it is sent."""
        user, asked, version = person_by_id(self.person, user_id), self.body(Reason), version_if_given(request)
        with told_if_stale():
            closed = deactivate_person(
                actor=self.person, user=user, reason=asked["reason"], version=version, now=self.now
            )
        return person_answer(closed)


class UserActivate(PeopleView):
    """The return of an account."""

    actions = {"POST": Action.USERS_DEACTIVATE}

    @describe("Activate a person", UserOut, tag="people", body=Reason, refusals=(*WRITE, 412))
    def post(self, request: Request, user_id: UUID) -> Response:
        """Open a closed account again; its tokens stay revoked."""
        user, asked, version = person_by_id(self.person, user_id), self.body(Reason), version_if_given(request)
        with told_if_stale():
            return person_answer(activate_person(actor=self.person, user=user, reason=asked["reason"], version=version))


class UserRoleOverride(PeopleView):
    """A role over the identity provider's."""

    actions = {"POST": Action.USERS_OVERRIDE}

    @describe("Override a role", UserOut, tag="people", body=OverrideIn, refusals=(*WRITE, 412))
    def post(self, request: Request, user_id: UUID) -> Response:
        """Give a person of the identity provider another role, until a time or until it is lifted."""
        user, asked, version = person_by_id(self.person, user_id), self.body(OverrideIn), version_if_given(request)
        with told_if_stale():
            changed = override_role(
                actor=self.person, user=user, role=asked["role"], reason=asked["reason"], until=asked["until"],
                version=version, now=self.now,
            )  # fmt: skip
        return person_answer(changed)


class UserRoleOverrideLift(PeopleView):
    """The end of an override."""

    actions = {"POST": Action.USERS_OVERRIDE}

    @describe("Lift a role override", UserOut, tag="people", body=Reason, refusals=(*WRITE, 412))
    def post(self, request: Request, user_id: UUID) -> Response:
        """Give the person back the role that the identity provider gives them."""
        user, asked, version = person_by_id(self.person, user_id), self.body(Reason), version_if_given(request)
        with told_if_stale():
            lifted = lift_override(actor=self.person, user=user, reason=asked["reason"], version=version, now=self.now)
        return person_answer(lifted)


class UserSessionsEnd(PeopleView):
    """The end of somebody's web sessions."""

    actions = {"POST": Action.SESSIONS_END_OTHERS}

    @describe("End the web sessions of a person", EndedOut, tag="people", body=Reason, refusals=WRITE)
    def post(self, request: Request, user_id: UUID) -> Response:
        """End every web session; the person signs in again from the next click on."""
        user, asked = person_by_id(self.person, user_id), self.body(Reason)
        with because(asked["reason"]):
            ended = end_all_sessions(user=user, reason="ended by an administrator", now=self.now)
        return Response({"ended": ended})


class UserTokenRevoke(PeopleView):
    """The end of somebody's token."""

    actions = {"POST": Action.TOKENS_REVOKE_OTHERS}

    @describe("Revoke an API token of a person", ApiTokenOut, tag="people", body=Reason, refusals=WRITE)
    def post(self, request: Request, user_id: UUID, key_id: str) -> Response:
        """End a token at once; whatever uses it is refused from then on."""
        token, asked = token_of(person_by_id(self.person, user_id), key_id), self.body(Reason)
        return Response(ApiTokenOut(revoke_token(token=token, reason=asked["reason"], now=self.now)).data)


def person_answer(user: User) -> Response:
    """Return the answer that shows a person."""
    return tagged(user, Response(UserOut(user).data))
