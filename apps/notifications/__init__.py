"""Channels, routes and deliveries: how any app tells people something."""
