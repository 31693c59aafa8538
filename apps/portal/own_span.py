"""A span of one's own in the address: written in the person's time zone, passed on in epoch seconds."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.portal.forms.spans import SpanForm
from apps.portal.spans import Span

Path = ParamSpec("Path")
View = Callable[Concatenate[HttpRequest, Path], HttpResponse]
WRITTEN = ("since", "until")


def in_epoch_seconds(view: View[Path]) -> View[Path]:
    """Lead from a valid written span to the same one as `start` and `end`, which mean the same in every time zone."""

    @wraps(view)
    def shown(request: HttpRequest, /, *args: Path.args, **kwargs: Path.kwargs) -> HttpResponse:
        asked = request.GET.copy()
        form = SpanForm(asked)
        if not asked.get("since") or not form.is_valid():
            return view(request, *args, **kwargs)
        for name in WRITTEN:
            asked.pop(name, None)
        asked.update(Span(form.cleaned_data["since"], form.cleaned_data["until"] or timezone.now()).query)
        return redirect(f"{request.path}?{asked.urlencode(safe=',')}")

    return shown
