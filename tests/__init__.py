"""The tests of the portal; `flows` reads best first."""
