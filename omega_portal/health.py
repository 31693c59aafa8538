"""`/healthz` says that the process lives, `/readyz` that it can serve; both before anything asks who is there."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.core.health import readiness

GetResponse = Callable[[HttpRequest], HttpResponse]


def health_middleware(get_response: GetResponse) -> GetResponse:
    """Answer the two health addresses, whatever host or cookie comes with them."""
    answers: dict[str, Callable[[], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponse:
        """Answer here or pass on."""
        answer = answers.get(request.path_info)
        return answer() if answer else get_response(request)

    return middleware


def healthz() -> JsonResponse:
    """Answer 200 without asking anybody."""
    return JsonResponse({"status": "ok"})


def readyz() -> JsonResponse:
    """Answer 200 while the database answers, 503 with Retry-After otherwise."""
    is_ready, services = readiness()
    if is_ready:
        return JsonResponse({"status": "ok", **services})
    return JsonResponse({"status": "unready", **services}, status=503, headers={"Retry-After": "5"})
