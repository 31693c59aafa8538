"""Django's management commands, run with the owner's rights, and what the first start does with them."""

import subprocess
import sys

from omega_portal.stack.console import StackError
from omega_portal.stack.environment import full_environment, own_variables
from omega_portal.stack.places import CHECKOUT
from omega_portal.stack.portal import Portal

ADMIN_EMAIL = "admin@omega.local"


def manage(portal: Portal, *arguments: str) -> str:
    """Run a command to its end and return what it printed; raises StackError with its last words."""
    done = subprocess.run(
        _command(arguments),
        env=_environment(portal),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
        raise StackError(f"manage.py {arguments[0]} failed:\n" + "\n".join(words))
    return done.stdout


def manage_openly(portal: Portal, *arguments: str) -> int:
    """Run a command at the person's terminal and return its exit code."""
    return subprocess.run(_command(arguments), env=_environment(portal), cwd=CHECKOUT, check=False).returncode


def ensure_admin(portal: Portal) -> None:
    """Make the first administrator, whose password goes to a file only its owner can read."""
    path = portal.place.secrets / "admin_password"
    manage(portal, "ensure_admin", "--email", ADMIN_EMAIL, "--password-file", str(path))


def enrollment_token(portal: Portal) -> str:
    """A token with which the agent of this machine enrols itself, good for one hour."""
    return manage(portal, "issue_enrollment_token", "--auto-approve", "--uses", "1", "--hours", "1").strip()


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def _environment(portal: Portal) -> dict[str, str]:
    return full_environment(own_variables(portal.place, portal.servers, portal.where, "manage"))
