"""What an administrator of Keycloak does, over its REST interface."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from omega_portal.stack.keycloak import ADMIN_CLIENT
from tests.make import PASSWORD

REALM, CLIENT = "omega", "omega-portal"


@dataclass(frozen=True)
class Realm:
    """The realm of a running server at `url`, in the hands of its administrator."""

    url: str
    admin_secret: str

    @property
    def issuer(self) -> str:
        """What the portal calls it."""
        return f"{self.url}/realms/{REALM}"

    def ask(self, method: str, path: str, content: object = None, **query: str) -> Any:
        """Send one request below the realm's address; returns the answer's content, fails when it is refused."""
        grant = {"grant_type": "client_credentials", "client_id": ADMIN_CLIENT, "client_secret": self.admin_secret}
        given = httpx.post(f"{self.url}/realms/master/protocol/openid-connect/token", data=grant, timeout=30)
        answer = httpx.request(
            method,
            f"{self.url}/admin/realms/{REALM}{path}",
            json=content,
            params=query,
            headers={"Authorization": f"Bearer {given.raise_for_status().json()['access_token']}"},
            timeout=30,
        )
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def person(self, username: str) -> str:
        """Return the id of a person."""
        (found,) = self.ask("GET", "/users", username=username, exact="true")
        return str(found["id"])

    def add(self, username: str, group: str, **columns: object) -> str:
        """Add a person with a verified e-mail and the cast's password to a group; returns their e-mail."""
        email = f"{username}@example.test"
        usual = {"username": username, "email": email, "emailVerified": True, "enabled": True}
        named = {"firstName": username.title(), "lastName": "Newcomer", "groups": [f"/{group}"]}
        password = {"type": "password", "value": PASSWORD, "temporary": False}
        self.ask("POST", "/users", {**usual, **named, "credentials": [password], **columns})
        return email

    def move(self, username: str, group: str) -> None:
        """Take a person out of all groups and put them into another one."""
        person = self.person(username)
        for before in self.ask("GET", f"/users/{person}/groups"):
            self.ask("DELETE", f"/users/{person}/groups/{before['id']}")
        (found,) = self.ask("GET", "/groups", search=group, exact="true")
        self.ask("PUT", f"/users/{person}/groups/{found['id']}")

    def disable(self, username: str) -> None:
        """Lock a person out; Keycloak tells nobody."""
        person = self.person(username)
        self.ask("PUT", f"/users/{person}", {**self.ask("GET", f"/users/{person}"), "enabled": False})

    def sign_out(self, username: str) -> None:
        """End all sessions of a person at Keycloak."""
        self.ask("POST", f"/users/{self.person(username)}/logout")

    def sessions(self, username: str) -> list[str]:
        """Return the ids of a person's sessions at Keycloak."""
        return [found["id"] for found in self.ask("GET", f"/users/{self.person(username)}/sessions")]

    def rotate_keys(self) -> str:
        """Put a new signing key in the place of the one in use; returns its id."""
        old = self.ask("GET", "/components", type="org.keycloak.keys.KeyProvider")
        config = {"priority": ["1000"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
        kind = {"providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider"}
        self.ask("POST", "/components", {"name": f"rotated-{len(old)}", **kind, "config": config})
        for component in old:
            if component["providerId"] == "rsa-generated":
                self.ask("DELETE", f"/components/{component['id']}")
        return str(self.ask("GET", "/keys")["active"]["RS256"])

    @contextmanager
    def without_mapper(self) -> Iterator[None]:
        """Take the mapper of the portal's roles away for a block."""
        (client,) = self.ask("GET", "/clients", clientId=CLIENT)
        address = f"/clients/{client['id']}/protocol-mappers/models"
        (mapper,) = [found for found in self.ask("GET", address) if found["name"] == "portal-roles"]
        self.ask("DELETE", f"{address}/{mapper['id']}")
        try:
            yield
        finally:
            self.ask("POST", address, {name: value for name, value in mapper.items() if name != "id"})

    @contextmanager
    def believing_every_email(self) -> Iterator[None]:
        """Let people in for a block who have not shown that their e-mail is theirs."""
        self.ask("PUT", "", {"verifyEmail": False})
        try:
            yield
        finally:
            self.ask("PUT", "", {"verifyEmail": True})
