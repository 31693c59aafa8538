"""Addresses of the REST door, below `/api/`."""

from django.urls import URLPattern, URLResolver, include, path

from apps.api.views import agents, audit, docs, keys, metrics, node_actions, nodes

app_name = "api"

node_addresses = [
    path("", nodes.NodeDetail.as_view(), name="node"),
    path("approve/", node_actions.NodeApprove.as_view(), name="node-approve"),
    path("drain/", node_actions.NodeDrain.as_view(), name="node-drain"),
    path("return/", node_actions.NodeReturn.as_view(), name="node-return"),
    path("retire/", node_actions.NodeRetire.as_view(), name="node-retire"),
    path("metrics/", metrics.NodeMetrics.as_view(), name="node-metrics"),
    path("latest/", metrics.NodeLatestVitals.as_view(), name="node-latest"),
    path("processes/", metrics.NodeProcesses.as_view(), name="node-processes"),
    path("lifecycle/", nodes.NodeLifecycle.as_view(), name="node-lifecycle"),
    path("keys/", keys.NodeKeys.as_view(), name="node-keys"),
    path("keys/<slug:key_id>/rotate/", keys.NodeKeyRotate.as_view(), name="node-key-rotate"),
    path("keys/<slug:key_id>/revoke/", keys.NodeKeyRevoke.as_view(), name="node-key-revoke"),
]
agent_addresses = [
    path("enroll", agents.Enrol.as_view(), name="agent-enroll"),
    path("config", agents.AgentConfig.as_view(), name="agent-config"),
    path("keys/rotate", agents.AgentKeyRotate.as_view(), name="agent-key-rotate"),
    path("commands/<uuid:command_id>", agents.AgentCommandResult.as_view(), name="agent-command"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", docs.Document.as_view(), name="schema"),
    path("docs/", docs.page, name="docs"),
    path("v1/nodes/", nodes.NodeList.as_view(), name="nodes"),
    path("v1/nodes/<uuid:node_id>/", include(node_addresses)),
    path("v1/enrollment-tokens/", keys.EnrollmentTokens.as_view(), name="enrollment-tokens"),
    path("v1/metrics/vitals/", metrics.Vitals.as_view(), name="vitals"),
    path("v1/fleet/now/", metrics.Fleet.as_view(), name="fleet-now"),
    path("v1/audit/", audit.AuditList.as_view(), name="audit"),
    path("v1/agent/", include(agent_addresses)),
]
