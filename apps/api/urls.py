"""Addresses of the REST door, below `/api/`."""

from django.urls import URLPattern, URLResolver, include, path

from apps.api.views import (
    agents,
    audit,
    docs,
    export,
    fleet_latest,
    invitations,
    keys,
    me,
    metrics,
    node_actions,
    nodes,
    query,
    quotas,
    rights,
    roles,
    trust,
    users,
)

app_name = "api"

node_addresses = [
    path("", nodes.NodeDetail.as_view(), name="node"),
    path("approve/", node_actions.NodeApprove.as_view(), name="node-approve"),
    path("drain/", node_actions.NodeDrain.as_view(), name="node-drain"),
    path("return/", node_actions.NodeReturn.as_view(), name="node-return"),
    path("retire/", node_actions.NodeRetire.as_view(), name="node-retire"),
    path("metrics/", metrics.NodeMetrics.as_view(), name="node-metrics"),
    path("trust/", trust.NodeTrust.as_view(), name="node-trust"),
    path("latest/", metrics.NodeLatestVitals.as_view(), name="node-latest"),
    path("processes/", metrics.NodeProcesses.as_view(), name="node-processes"),
    path("lifecycle/", nodes.NodeLifecycle.as_view(), name="node-lifecycle"),
    path("keys/", keys.NodeKeys.as_view(), name="node-keys"),
    path("keys/<slug:key_id>/rotate/", keys.NodeKeyRotate.as_view(), name="node-key-rotate"),
    path("keys/<slug:key_id>/revoke/", keys.NodeKeyRevoke.as_view(), name="node-key-revoke"),
]
me_addresses = [
    path("", me.Me.as_view(), name="me"),
    path("sessions/", me.MySessions.as_view(), name="my-sessions"),
    path("sessions/end-others/", me.MySessionsEndOthers.as_view(), name="my-sessions-end-others"),
    path("sessions/<uuid:session_id>/end/", me.MySessionEnd.as_view(), name="my-session-end"),
    path("tokens/", me.MyTokens.as_view(), name="my-tokens"),
    path("tokens/<slug:key_id>/revoke/", me.MyTokenRevoke.as_view(), name="my-token-revoke"),
    path("rights/", rights.MyRights.as_view(), name="my-rights"),
    path("limits/", me.MyLimits.as_view(), name="my-limits"),
]
people_addresses = [
    path("users/", users.Users.as_view(), name="users"),
    path("users/<uuid:user_id>/", users.UserDetail.as_view(), name="user"),
    path("users/<uuid:user_id>/deactivate/", users.UserDeactivate.as_view(), name="user-deactivate"),
    path("users/<uuid:user_id>/activate/", users.UserActivate.as_view(), name="user-activate"),
    path("users/<uuid:user_id>/role-override/", users.UserRoleOverride.as_view(), name="user-override"),
    path("users/<uuid:user_id>/role-override/lift/", users.UserRoleOverrideLift.as_view(), name="user-override-lift"),
    path("users/<uuid:user_id>/sessions/end/", users.UserSessionsEnd.as_view(), name="user-sessions-end"),
    path(
        "users/<uuid:user_id>/tokens/<slug:key_id>/revoke/", users.UserTokenRevoke.as_view(), name="user-token-revoke"
    ),
    path("users/<uuid:user_id>/rights/", rights.UserRights.as_view(), name="user-rights"),
    path("invitations/", invitations.Invitations.as_view(), name="invitations"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.InvitationRevoke.as_view(), name="invitation-revoke"),
    path("role-mappings/", roles.RoleMappings.as_view(), name="role-mappings"),
    path("role-mappings/dry-run/", roles.RoleMappingTrial.as_view(), name="role-mapping-trial"),
    path("role-mappings/<uuid:mapping_id>/", roles.RoleMappingDetail.as_view(), name="role-mapping"),
    path("role-mappings/<uuid:mapping_id>/remove/", roles.RoleMappingRemove.as_view(), name="role-mapping-remove"),
    path("quotas/", quotas.Quotas.as_view(), name="quotas"),
    path("quotas/<uuid:quota_id>/", quotas.QuotaDetail.as_view(), name="quota"),
    path("quota-requests/", quotas.QuotaRequests.as_view(), name="quota-requests"),
    path(
        "quota-requests/<uuid:request_id>/withdraw/",
        quotas.QuotaRequestWithdraw.as_view(),
        name="quota-request-withdraw",
    ),
    path("quota-requests/<uuid:request_id>/decide/", quotas.QuotaRequestDecide.as_view(), name="quota-request-decide"),
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
    path("v1/metrics/query/", query.MetricQueries.as_view(), name="metric-query"),
    path("v1/metrics/top/", query.MetricTop.as_view(), name="metric-top"),
    path("v1/metrics/export.csv", export.MetricsExport.as_view(), name="metrics-export"),
    path("v1/metrics/names/", query.MetricNames.as_view(), name="metric-names"),
    path("v1/fleet/now/", metrics.Fleet.as_view(), name="fleet-now"),
    path("v1/fleet/latest/", fleet_latest.FleetLatest.as_view(), name="fleet-latest"),
    path("v1/audit/", audit.AuditList.as_view(), name="audit"),
    path("v1/me/", include(me_addresses)),
    path("v1/", include(people_addresses)),
    path("v1/agent/", include(agent_addresses)),
]
