"""What every template and asset must keep to, so that the strict policy and the offline promise hold."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from omega_portal import vendor

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OWN_ASSETS = sorted([*(ROOT / "static" / "js").glob("*.js"), *(ROOT / "static" / "css").glob("*.css")])
SPRITE = (ROOT / "static" / "vendor" / "icons" / "sprite.svg").read_text(encoding="utf8")
FOREIGN = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_has_no_inline_code_and_only_known_parts(path: Path) -> None:
    text = path.read_text(encoding="utf8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|<script(?![^>]*\ssrc=)|javascript:", text)
    assert not FOREIGN.search(text)
    assert text.count("\n") <= 100
    icons = re.findall(r'{% icon "([\w-]+)"', text)
    assert [name for name in icons if f'id="{name}"' not in SPRITE] == []
    assert [name for name in re.findall(r"{% static '([^']+)' %}", text) if finders.find(name) is None] == []


@pytest.mark.parametrize("path", OWN_ASSETS, ids=lambda path: path.name)
def test_own_asset_is_self_contained(path: Path) -> None:
    text = path.read_text(encoding="utf8")
    assert not FOREIGN.search(text) and "eval(" not in text and "new Function" not in text
    for target in re.findall(r"""@import url\("([^"]+)"\)""", text):
        assert (path.parent / target).is_file(), target


def test_vendored_files_are_what_was_pinned() -> None:
    assert vendor.differences() == []
    assert not [path for path in vendor.ROOT.rglob("*.*s") if b"sourceMappingURL" in path.read_bytes()]


def test_changed_vendored_file_is_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "copy.js"
    copy.write_text("changed", encoding="utf8")
    assert not vendor.same(copy, "0" * 64)
