"""One running Keycloak: own folder, own ports on 127.0.0.1, stopped by pid."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from omega_portal.stack.console import StackError
from omega_portal.stack.health import is_ready
from omega_portal.stack.keycloak import Programs
from omega_portal.stack.places import Place
from omega_portal.stack.processes import Launch, Record, is_alive, start, stop, tail, wait_until

NAME = "keycloak"
_PATIENCE_SECONDS = 180
_SHARED = ("lib", "conf", "providers", "themes")


@dataclass
class KeycloakServer:
    """A server that stores everything in a folder of its own; started again, it goes on with what it has there."""

    programs: Programs
    folder: Path
    port: int
    management_port: int
    record: Record | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, realm: Path, variables: Mapping[str, str]) -> None:
        """Start it with the realm of a file and wait until it serves; raises StackError with the log's end.

        `variables` fill the placeholders of the file.
        """
        place = self._prepare(realm)
        environment = {**self.programs.environment(), **variables}
        command = (str(self.folder / "bin" / "kc.sh"), "start", "--optimized", *self._options())
        launch = Launch(NAME, command, environment, self.management_port, directory=self.folder)
        self.record = record = start(place, launch)
        ready = wait_until(
            lambda: is_ready(self.management_port, "/health/ready") or not is_alive(record),
            _PATIENCE_SECONDS,
            step_seconds=0.3,
        )
        if not ready or not is_alive(record):
            self.stop()
            raise StackError(f"Keycloak does not start; the end of its log:\n{tail(place.log / f'{NAME}.log')}")

    def stop(self) -> None:
        """End it; what is not there any more is fine."""
        if self.record is not None:
            stop(self._place(), self.record, patience_seconds=20)
            self.record = None

    def _options(self) -> tuple[str, ...]:
        """What may differ between two starts of one prepared server."""
        return (
            "--import-realm",
            "--cache=local",
            "--http-enabled=true",
            "--http-host=127.0.0.1",
            f"--http-port={self.port}",
            f"--http-management-port={self.management_port}",
            f"--hostname={self.url}",
            "--log-level=warn,org.keycloak.events:info,org.keycloak.services:info,io.smallrye.health:error",
        )

    def _prepare(self, realm: Path) -> Place:
        """Lay out the folder: programs borrowed from the cache, files the server writes its own."""
        place = self._place()
        if not place.data.exists():
            shutil.copytree(self.programs.home / "data", place.data)
        for directory in (place.run, place.log, self.folder / "bin", place.data / "import"):
            directory.mkdir(parents=True, exist_ok=True)
        for name in _SHARED:
            link = self.folder / name
            link.unlink(missing_ok=True)
            link.symlink_to(self.programs.home / name)
        # The script takes the folder it lies in for the server's home.
        shutil.copy2(self.programs.home / "bin" / "kc.sh", self.folder / "bin" / "kc.sh")
        shutil.copy2(realm, place.data / "import" / realm.name)
        return place

    def _place(self) -> Place:
        return Place(self.folder, self.folder / "data", self.programs.home, None)
