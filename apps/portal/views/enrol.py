"""Enrolling machines: a token in a one-line command, then waiting for the first contact."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action, can
from apps.accounts.services import default_tenant
from apps.nodes.services import create_enrollment_token
from apps.portal.access import Refused, SignedIn, require
from apps.portal.dialogs import Dialog, attempt, posted, show, show_form
from apps.portal.forms.node_actions import EnrolForm
from apps.portal.selectors import enrolment_progress

WORDS = "One command on the machine makes it a node. The token in it is shown once and works only as often as you say."


@require(Action.NODES_ENROL)
def enrol(request: SignedIn) -> HttpResponse:
    """Ask how machines may enrol, then show the command once."""
    back = resolve_url("nodes:list")
    form = EnrolForm(posted(request))
    if form.is_valid():
        chosen = form.cleaned_data
        if chosen["auto_approve"] and not can(request.user, Action.NODES_APPROVE):
            raise Refused(Action.NODES_APPROVE)
        issued = attempt(
            form,
            create_enrollment_token,
            tenant=request.user.tenant or default_tenant(),
            uses=chosen["uses"],
            lifetime=form.lifetime(),
            auto_approve=chosen["auto_approve"],
            tags=chosen["tags"],
            now=timezone.now(),
        )
        if issued:
            command = f"omega-agent enroll --server {settings.OMEGA.public_url} --token {issued.text}"
            return show(request, "nodes/_enrol_command.html", {"issued": issued, "command": command, "back": back})
    return show_form(request, form, Dialog("Enrol machines", "Make the command", back, WORDS, icon="plus"))


@require_GET
@require(Action.NODES_ENROL)
def contact(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Who came with a token so far; asked again until all did."""
    return render(request, "nodes/_enrol_contact.html", {"progress": enrolment_progress(token_id, timezone.now())})
