"""The log-in through a real Keycloak, in a real browser."""
