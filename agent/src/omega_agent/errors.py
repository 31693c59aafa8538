"""The one error a person is meant to read."""


class AgentError(Exception):
    """Something the operator can mend; its text is one sentence that says what and where."""
