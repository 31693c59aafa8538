"""The OpenAPI document: generated from the views, completed by hand with what another process serves."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

from apps.api.serializers.agents import CommandResultIn, EnrolIn
from apps.api.serializers.keys import KeyIn, RevokeIn, RotateIn, TokenIn
from apps.api.serializers.nodes import DrainIn, NodeEdit, RetireIn
from apps.api.serializers.people import ApiTokenIn, InvitationIn, MeEdit, OverrideIn, Reason, UserEdit
from apps.api.serializers.quotas import DecisionIn, QuotaEdit, QuotaIn, QuotaRequestIn
from apps.api.serializers.roles import MappingEdit, MappingIn, TrialIn

BY_HAND = ("ingest.json", "collectors.json")
SECURITY = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": settings.SESSION_COOKIE_NAME,
        "description": "Sign in to the portal. Writes also need the header X-CSRFToken.",
    },
    "personal": {"type": "http", "scheme": "bearer", "description": "A personal API token: omp_…"},
    "agent": {"type": "http", "scheme": "bearer", "description": "An agent's key: omg_…"},
    "token": {"type": "http", "scheme": "bearer", "description": "An enrolment token: ome_…"},
}
# The bodies that this door takes; `Shape` refuses every field they do not name.
SHAPES = (
    ApiTokenIn, CommandResultIn, DecisionIn, DrainIn, EnrolIn, InvitationIn, KeyIn, MappingIn, NodeEdit, OverrideIn,
    QuotaIn, QuotaRequestIn, Reason, RetireIn, RevokeIn, RotateIn, TokenIn, TrialIn,
)  # fmt: skip
PATCHES = (MappingEdit, MeEdit, NodeEdit, QuotaEdit, UserEdit)
BODIES = {f"{shape.__name__}Request" for shape in SHAPES} | {f"Patched{shape.__name__}Request" for shape in PATCHES}


class DocumentGenerator(SchemaGenerator):
    """Adds the security schemes and the calls of the ingest process."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        """Return the whole document."""
        found: dict[str, Any] = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        found["paths"] = {f"/api{path}": item for path, item in found["paths"].items()}
        schemas = found["components"]["schemas"]
        for name in BODIES & schemas.keys():
            schemas[name]["additionalProperties"] = False
        found["components"]["securitySchemes"] = dict(SECURITY)
        for name in BY_HAND:
            served = json.loads((Path(__file__).parent / "schema" / name).read_text(encoding="utf8"))
            found["paths"] |= served["paths"]
            schemas |= served["schemas"]
            found["components"]["securitySchemes"] |= served.get("security", {})
        return found
