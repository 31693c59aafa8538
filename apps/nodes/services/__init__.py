"""The verbs of the inventory, one module per subject."""

from apps.nodes.services.contact import forget_dead_doors, settle_contact
from apps.nodes.services.enrolment import (
    Enrolment,
    IssuedToken,
    MachineFacts,
    create_enrollment_token,
    enroll_node,
    revoke_enrollment_token,
)
from apps.nodes.services.keys import IssuedKey, issue_key, revoke_key, rotate_key
from apps.nodes.services.lifecycle import approve_node, drain_node, retire_node, return_node

__all__ = [
    "Enrolment",
    "IssuedKey",
    "IssuedToken",
    "MachineFacts",
    "approve_node",
    "create_enrollment_token",
    "drain_node",
    "enroll_node",
    "forget_dead_doors",
    "issue_key",
    "retire_node",
    "return_node",
    "revoke_enrollment_token",
    "revoke_key",
    "rotate_key",
    "settle_contact",
]
