#!/usr/bin/env python
"""Django's command line for Omega Portal."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one management command, by default as the owner of the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omega_portal.settings.django")
    os.environ.setdefault("OMEGA_PROCESS", "manage")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
