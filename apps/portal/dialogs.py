"""Forms that change something: shown in the page's dialog, or as a page of their own where scripts are off."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from apps.core.errors import PortalError
from apps.portal.forms.versions import VersionForm

UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Dialog:
    """The words around a form: what is done, what follows from it, and where one goes back to."""

    title: str
    submit: str
    back: str
    text: str = ""
    consequences: tuple[str, ...] = ()
    is_dangerous: bool = False
    icon: str = "check"
    extra: dict[str, Any] = field(default_factory=dict)


def is_fragment(request: HttpRequest) -> bool:
    """Whether the answer goes into a page that is already open."""
    return "HX-Request" in request.headers


def posted(request: HttpRequest) -> QueryDict | None:
    """The sent form, also an empty one; None when the form is only asked for."""
    return request.POST if request.method == "POST" else None


def attempt(form: forms.Form, service: Callable[..., Any], **arguments: Any) -> Any:
    """Call a service with a valid form's data and return what it made, True for nothing.

    Its refusal becomes an error of the form, beside the field of that name if there is one, and None is returned.
    A form about a row that somebody changed meanwhile keeps what was typed, to be saved knowingly over what is there.
    """
    try:
        return service(**arguments) or True
    except PortalError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
        if refusal.code == "changed_meanwhile" and isinstance(form, VersionForm):
            form.take_newest()
        return None


def show_form(request: HttpRequest, form: forms.Form, dialog: Dialog) -> HttpResponse:
    """The form, with its errors beside the fields."""
    status = UNPROCESSABLE if form.errors else 200
    return show(request, "parts/_form_dialog.html", {"form": form, "dialog": dialog}, status)


def confirm(request: HttpRequest, dialog: Dialog) -> HttpResponse:
    """The question before something that needs no more than a yes."""
    return show(request, "parts/_form_dialog.html", {"form": forms.Form(), "dialog": dialog})


def show(request: HttpRequest, fragment: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A fragment for the dialog, or the same fragment on a page of its own; never kept by a cache."""
    template = fragment if is_fragment(request) else "parts/dialog_page.html"
    answer = render(request, template, {**context, "fragment": fragment}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def done(request: HttpRequest, address: str, message: str) -> HttpResponse:
    """Go on to a page that greets with a message."""
    messages.success(request, message)
    return HttpResponseClientRedirect(address) if is_fragment(request) else redirect(address)


def refused(request: HttpRequest, address: str, refusal: PortalError) -> HttpResponse:
    """Go back to a page that says why a button did not work."""
    messages.error(request, refusal.detail)
    return HttpResponseClientRedirect(address) if is_fragment(request) else redirect(address)
