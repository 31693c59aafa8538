"""The inventory: machines, their keys, enrolment, resources, contact and lifecycle."""
