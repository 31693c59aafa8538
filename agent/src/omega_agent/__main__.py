"""Lets the agent be started as `python -m omega_agent`."""

import sys

from omega_agent.cli import main

sys.exit(main())
