"""Settings: `config` is the typed object read from the environment, `django` turns it into what Django wants."""
