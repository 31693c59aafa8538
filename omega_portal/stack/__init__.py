"""The local stack: the portal and every server it needs, on this machine, without Docker or root."""
