"""Addresses of the pages."""

from django.urls import URLPattern, URLResolver, include, path

from apps.portal.views import account, audit, enrol, node_actions, node_keys, nodes, oidc, overview, series, sign_in

account_addresses = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/local/", sign_in.sign_in_local, name="sign-in-local"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("oidc/start/", oidc.start, name="oidc-start"),
    path("oidc/callback/", oidc.callback, name="oidc-callback"),
    path("oidc/backchannel-logout/", oidc.backchannel_logout, name="oidc-backchannel-logout"),
    path("me/", account.profile, name="profile"),
    path("me/password/", account.change_password, name="password"),
]
node_addresses = [
    path("", nodes.node_list, name="list"),
    path("approve/", node_actions.approve_many, name="approve-many"),
    path("enrol/", enrol.enrol, name="enrol"),
    path("enrol/<uuid:token_id>/", enrol.contact, name="enrol-contact"),
    path("<uuid:node_id>/", nodes.node_detail, name="detail"),
    path("<uuid:node_id>/now/", nodes.node_now, name="now"),
    path("<uuid:node_id>/series/", series.node_series, name="series"),
    path("<uuid:node_id>/processes/", nodes.node_processes, name="processes"),
    path("<uuid:node_id>/lifecycle/", nodes.node_lifecycle, name="lifecycle"),
    path("<uuid:node_id>/approve/", node_actions.approve, name="approve"),
    path("<uuid:node_id>/drain/", node_actions.drain, name="drain"),
    path("<uuid:node_id>/return/", node_actions.return_to_service, name="return"),
    path("<uuid:node_id>/retire/", node_actions.retire, name="retire"),
    path("<uuid:node_id>/keys/", node_keys.keys, name="keys"),
    path("<uuid:node_id>/keys/issue/", node_keys.issue, name="key-issue"),
    path("<uuid:node_id>/keys/<slug:key_id>/rotate/", node_keys.rotate, name="key-rotate"),
    path("<uuid:node_id>/keys/<slug:key_id>/revoke/", node_keys.revoke, name="key-revoke"),
]
audit_addresses = [
    path("", audit.audit_list, name="list"),
    path("export/", audit.audit_export, name="export"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("health/banner/", overview.health_banner, name="health-banner"),
    path("", include((account_addresses, "accounts"))),
    path("nodes/", include((node_addresses, "nodes"))),
    path("audit/", include((audit_addresses, "audit"))),
]
