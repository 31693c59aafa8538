"""Every address of the web process, by door."""

from django.urls import URLPattern, URLResolver, include, path

from apps.audit.admin_site import site
from apps.portal.views.csp_report import csp_report

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", site.urls),
    path("csp-report/", csp_report, name="csp-report"),
    path("api/", include("apps.api.urls")),
    path("", include("apps.portal.urls")),
]

handler400 = "apps.portal.views.errors.bad_request"
handler403 = "apps.portal.views.errors.forbidden"
handler404 = "apps.portal.views.errors.not_found"
handler500 = "apps.portal.views.errors.server_error"
