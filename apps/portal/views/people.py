"""People: the list, one person, what they may do and why."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.models import Strictness, User
from apps.accounts.permissions import Action, can
from apps.accounts.rights import explain, role_source, scope_of, token_allows
from apps.accounts.selectors.people import (
    PeopleFilters,
    name_of,
    open_sessions,
    people_page,
    person_by_id,
    sees_all_tenants,
    tokens_of,
)
from apps.accounts.selectors.quotas import Subject, limits_of, quotas_of, raises_of
from apps.accounts.selectors.roles import values_giving
from apps.accounts.services.guards import may_change
from apps.core.paging import BadCursor
from apps.portal.access import SignedIn, require
from apps.portal.forms.people import PeopleFilterForm


def filters_of(form: PeopleFilterForm) -> PeopleFilters:
    """What the valid part of an address asks for."""
    chosen = form.chosen()
    return PeopleFilters(
        text=chosen.get("q", ""),
        role=chosen.get("role", ""),
        provider=chosen.get("provider", ""),
        active=chosen.get("active"),
    )


@require_GET
@require(Action.USERS_VIEW)
def people_list(request: SignedIn) -> HttpResponse:
    """The people, 50 at a time; a damaged address shows the first page and says what was wrong."""
    form = PeopleFilterForm(request.GET)
    filters, complaints = filters_of(form), form.complaints()
    try:
        page = people_page(request.user, filters, request.GET.get("after"))
    except BadCursor as refusal:
        page = people_page(request.user, filters)
        complaints.append(refusal.detail)
    context = {"form": form, "page": page, "complaints": complaints, "is_filtered": filters != PeopleFilters()}
    context |= {"tab": "people", "shows_tenant": sees_all_tenants(request.user)}
    template = "people/_list.html" if "HX-Request" in request.headers else "people/list.html"
    return render(request, template, context, status=400 if complaints else 200)


@require_GET
@require(Action.USERS_VIEW)
def person(request: SignedIn, user_id: UUID) -> HttpResponse:
    """Who somebody is, where their role comes from, where they are signed in, and how much they may use."""
    found, now = person_by_id(request.user, user_id), timezone.now()
    context = {**head(request.user, found), **belongings(request.user, found, now)}
    return render(request, "people/person.html", context)


@require_GET
@require(Action.USERS_VIEW)
def rights(request: SignedIn, user_id: UUID) -> HttpResponse:
    """What somebody may do, and why."""
    found = person_by_id(request.user, user_id)
    sees_tokens = can(request.user, Action.TOKENS_REVOKE_OTHERS)
    tokens = [(token, token_allows(token)) for token in tokens_of(found)] if sees_tokens else []
    context = {"rights": explain(found), "scope": scope_of(found), "tokens": tokens}
    return render(request, "people/rights.html", {**head(request.user, found), **context})


def head(viewer: User, found: User) -> dict[str, Any]:
    """Who a page is about, and what decides which of its buttons the viewer gets."""
    return {
        "person": found,
        "role": role_story(found),
        "is_me": found.pk == viewer.pk,
        "sees_all": sees_all_tenants(viewer),
        "may_change": may_change(viewer, found),
    }


def role_story(found: User) -> dict[str, Any]:
    """Where a role comes from: an override with its author, values of the identity provider, or neither."""
    source = role_source(found)
    story: dict[str, Any] = {"source": source}
    if source == "override":
        story["author"] = name_of(found.role_override_by)
    if found.last_idp_role:
        story["values"] = values_giving(found.last_idp_role)
    return story


def belongings(viewer: User, found: User, now: datetime) -> dict[str, Any]:
    """What belongs to somebody, as far as the viewer may see it."""
    subject = Subject(user=found)
    context: dict[str, Any] = {}
    if can(viewer, Action.SESSIONS_END_OTHERS):
        context["sessions"] = open_sessions(found, now)
    if can(viewer, Action.TOKENS_REVOKE_OTHERS):
        context["tokens"] = tokens_of(found)
    if can(viewer, Action.QUOTAS_VIEW):
        context |= {"limits": limits_of(subject, now), "raises": raises_of(subject, now)}
        context |= {"quotas": quotas_of(subject), "kinds": Strictness.values}
    return context
