"""What is done to a node: one address per button."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.permissions import Action
from apps.core.errors import PortalError
from apps.nodes import services
from apps.nodes.selectors import node_by_id
from apps.portal.access import require, safe_next
from apps.portal.dialogs import Dialog, attempt, done, posted, refused, show_form
from apps.portal.forms.node_actions import DrainForm, RetireForm

RETIRE_CONSEQUENCES = (
    "Its keys end at once: the agent on it can no longer report.",
    "Its history stays; the node can not be enrolled again under this name.",
)


@require_POST
@require(Action.NODES_APPROVE)
def approve(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Let a pending node in."""
    node = node_by_id(node_id)
    back = safe_next(request, request.POST.get("next") or resolve_url("nodes:detail", node_id))
    try:
        services.approve_node(node=node, now=timezone.now())
    except PortalError as refusal:
        return refused(request, back, refusal)
    return done(request, back, f"{node.hostname} was approved.")


@require_POST
@require(Action.NODES_APPROVE)
def approve_many(request: HttpRequest) -> HttpResponse:
    """Let the listed pending nodes in; one that is no longer pending is passed over and named."""
    passed_over, approved = [], 0
    for text in request.POST.getlist("node")[:100]:
        try:
            services.approve_node(node=node_by_id(UUID(text)), now=timezone.now())
            approved += 1
        except PortalError as refusal:
            passed_over.append(refusal.detail)
        except ValueError:
            passed_over.append("One of the ids was damaged.")
    message = " ".join([f"{approved} {'node was' if approved == 1 else 'nodes were'} approved.", *passed_over])
    return done(request, resolve_url("nodes:list"), message)


@require(Action.NODES_DRAIN)
def drain(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Ask that a node gets no new work."""
    node, back = node_by_id(node_id), resolve_url("nodes:detail", node_id)
    form = DrainForm(posted(request))
    if form.is_valid() and attempt(
        form,
        services.drain_node,
        node=node,
        reason=form.cleaned_data["reason"],
        until=form.cleaned_data["until"],
        now=timezone.now(),
    ):
        return done(request, back, f"{node.hostname} is draining.")
    text = "It takes no new work until somebody returns it. What runs on it goes on."
    return show_form(request, form, Dialog(f"Drain {node.hostname}", "Drain", back, text, icon="logout"))


@require_POST
@require(Action.NODES_DRAIN)
def return_to_service(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """End a drain."""
    node, back = node_by_id(node_id), resolve_url("nodes:detail", node_id)
    try:
        services.return_node(node=node, now=timezone.now())
    except PortalError as refusal:
        return refused(request, back, refusal)
    return done(request, back, f"{node.hostname} is back in service.")


@require(Action.NODES_RETIRE)
def retire(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Take a node out of service for good, after its name was typed."""
    node, back = node_by_id(node_id), resolve_url("nodes:detail", node_id)
    form = RetireForm(posted(request), hostname=node.hostname)
    if form.is_valid() and attempt(
        form, services.retire_node, node=node, reason=form.cleaned_data["reason"], now=timezone.now()
    ):
        return done(request, back, f"{node.hostname} was retired.")
    dialog = Dialog(
        f"Retire {node.hostname}",
        "Retire this node",
        back,
        consequences=RETIRE_CONSEQUENCES,
        is_dangerous=True,
        icon="archive",
    )
    return show_form(request, form, dialog)
