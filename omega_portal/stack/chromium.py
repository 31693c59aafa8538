"""A Chromium for browser tests: the machine's own, else the distribution's package unpacked privately."""

import shutil
from pathlib import Path

from omega_portal.stack.console import say
from omega_portal.stack.files import only_one, write_whole
from omega_portal.stack.own_archive import from_own_archive
from omega_portal.stack.packages import Wanted, build_once, is_ready, unpack_packages
from omega_portal.stack.places import Place

_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>Liberation Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>Liberation Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>Liberation Mono</family></prefer></alias>
</fontconfig>
"""


def find_chromium(place: Place) -> Path:
    """The path of a browser, unpacked on first use; raises StackError with the reason otherwise."""
    found = next((path for name in _ON_PATH if (path := shutil.which(name))), None)
    if found is not None:
        return Path(found)
    prefix = place.programs / "chromium"
    with only_one(place.root / "chromium.lock"):
        if not is_ready(prefix):
            wanted = from_own_archive("chromium", "fonts-liberation")
            say("downloading Chromium into .local/ (once, about half a minute)")
            build_once(prefix, lambda folder: _build(wanted, folder))
    return prefix / "chromium"


def _build(wanted: Wanted, folder: Path) -> None:
    unpack_packages(wanted, folder)
    (folder / "fonts.conf").write_text(_FONTS, encoding="utf-8")
    libraries = sorted({path.parent for path in folder.rglob("*.so*") if path.is_file()})
    library_path = ":".join(f"$here/{path.relative_to(folder)}" for path in libraries)
    script = (
        "#!/bin/sh\nhere=${0%/*}\n"
        f'export LD_LIBRARY_PATH="{library_path}:$LD_LIBRARY_PATH"\n'
        'export FONTCONFIG_FILE="$here/fonts.conf"\n'
        'exec "$here/usr/lib/chromium/chromium" "$@"\n'
    )
    write_whole(folder / "chromium", script, mode=0o755)
