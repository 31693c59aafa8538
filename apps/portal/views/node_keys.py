"""Keys of a node: listed, issued, rotated with an overlap, revoked."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.nodes import services
from apps.nodes.models import Node
from apps.nodes.selectors import keys_of, node_by_id
from apps.nodes.services import IssuedKey
from apps.portal.access import require
from apps.portal.dialogs import Dialog, attempt, done, posted, show, show_form
from apps.portal.forms.node_actions import KeyForm, ReasonForm, RotateForm
from apps.portal.selectors import key_of


@require_GET
@require(Action.NODE_KEYS_VIEW)
def keys(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """The keys of a node and who still uses which."""
    node = node_by_id(node_id)
    return render(request, "nodes/keys.html", {"node": node, "keys": keys_of(node), "tab": "keys"})


@require(Action.NODE_KEYS_ISSUE)
def issue(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Make another key and show it once."""
    node, back = node_by_id(node_id), resolve_url("nodes:keys", node_id)
    form = KeyForm(posted(request))
    if form.is_valid():
        issued = attempt(form, services.issue_key, node=node, label=form.cleaned_data["label"], now=timezone.now())
        if issued:
            return show_key(request, node, issued)
    text = "A node has two live keys at most. The key is shown once, right after this."
    return show_form(request, form, Dialog(f"New key for {node.hostname}", "Issue key", back, text, icon="key"))


@require(Action.NODE_KEYS_ISSUE)
def rotate(request: HttpRequest, node_id: UUID, key_id: str) -> HttpResponse:
    """Replace a key; the old one lives on for the overlap."""
    node, back = node_by_id(node_id), resolve_url("nodes:keys", node_id)
    old = key_of(node, key_id)
    form = RotateForm(posted(request))
    if form.is_valid():
        issued = attempt(form, services.rotate_key, node=node, old_key=old, overlap=form.overlap(), now=timezone.now())
        if issued:
            return show_key(request, node, issued)
    text = "A new key is made now and shown once. Put it on the machine before the old one ends."
    return show_form(request, form, Dialog(f"Rotate {old}", "Rotate key", back, text, icon="rotate"))


@require(Action.NODE_KEYS_REVOKE)
def revoke(request: HttpRequest, node_id: UUID, key_id: str) -> HttpResponse:
    """End a key at once."""
    node, back = node_by_id(node_id), resolve_url("nodes:keys", node_id)
    key = key_of(node, key_id)
    form = ReasonForm(posted(request))
    if form.is_valid() and attempt(
        form, services.revoke_key, key=key, reason=form.cleaned_data["reason"], now=timezone.now()
    ):
        return done(request, back, f"{key} was revoked.")
    consequences = ("Whatever uses this key is refused from this second on.",)
    dialog = Dialog(f"Revoke {key}", "Revoke key", back, consequences=consequences, is_dangerous=True, icon="ban")
    return show_form(request, form, dialog)


def show_key(request: HttpRequest, node: Node, issued: IssuedKey) -> HttpResponse:
    """The only time a key is readable."""
    context = {"node": node, "issued": issued, "back": resolve_url("nodes:keys", node.pk)}
    return show(request, "nodes/_key_once.html", context)
