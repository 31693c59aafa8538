"""What people may do, and why: of oneself and of others, as their pages say it."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import ApiToken, User
from apps.accounts.permissions import Action, can
from apps.accounts.rights import explain, role_source, scope_of
from apps.accounts.selectors.people import person_by_id, tokens_of
from apps.api.base import PeopleView
from apps.api.describe import READ, describe
from apps.api.serializers.people import RightsOut


class MyRights(PeopleView):
    """What one may do."""

    actions = {"GET": Action.ACCOUNT_OWN}

    @describe("Show my rights", RightsOut, tag="me", refusals=READ)
    def get(self, request: Request) -> Response:
        """Every action with whether and why it is allowed, and over which rows."""
        return Response(RightsOut(rights_of(self.person, tokens_of(self.person))).data)


class UserRights(PeopleView):
    """What somebody may do."""

    actions = {"GET": Action.USERS_VIEW}

    @describe("Show the rights of a person", RightsOut, tag="people")
    def get(self, request: Request, user_id: UUID) -> Response:
        """The same of a person; their tokens are named to those who may revoke them."""
        found = person_by_id(self.person, user_id)
        tokens = tokens_of(found) if can(self.person, Action.TOKENS_REVOKE_OTHERS) else []
        return Response(RightsOut(rights_of(found, tokens)).data)


def rights_of(person: User, tokens: list[ApiToken]) -> dict[str, Any]:
    """Return what `RightsOut` shows of somebody."""
    return {
        "role": person.role,
        "role_source": role_source(person),
        "scope": scope_of(person),
        "rights": explain(person),
        "tokens": tokens,
    }
