"""Django's database backend for the three tiers: licensed TimescaleDB, Apache TimescaleDB, plain PostgreSQL."""
