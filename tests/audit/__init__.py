"""The log, its seals, and what they prove."""
