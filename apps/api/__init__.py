"""The REST door: people's API and the agents' calls that are not time-critical."""
