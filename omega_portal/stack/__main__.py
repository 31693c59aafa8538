"""Entry point of `python -m omega_portal.stack`."""

import sys

from omega_portal.stack.cli import main

sys.exit(main())
