"""Following log files as they grow."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Follower:
    """Reads what was appended to the log files of a directory since the last look."""

    directory: Path
    positions: dict[Path, int] = field(default_factory=dict)

    def skip(self) -> None:
        """Pass over what is there already."""
        self.positions = {path: path.stat().st_size for path in self.directory.glob("*.log")}

    def new_lines(self) -> list[tuple[str, str]]:
        """Complete new lines as (process, line), file by file; a file that shrank is read from its start."""
        found = []
        for path in sorted(self.directory.glob("*.log")):
            position = self.positions.get(path, 0)
            with path.open("rb") as stream:
                if path.stat().st_size < position:
                    position = 0
                stream.seek(position)
                chunk = stream.read()
            end = chunk.rfind(b"\n") + 1
            self.positions[path] = position + end
            found += [(path.stem, line) for line in chunk[:end].decode("utf-8", "replace").splitlines()]
        return found
