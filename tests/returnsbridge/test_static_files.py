"""Static files in production: every name says its content, in pages and between scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.core.management import call_command


def test_a_script_imports_others_by_the_name_of_their_content(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "returnsbridge.static_files.StaticFiles"}
    }

    call_command("collectstatic", "--no-input", verbosity=0)

    names = json.loads((tmp_path / "staticfiles.json").read_text(encoding="utf-8"))["paths"]
    ours = [tmp_path / path for name, path in names.items() if re.fullmatch(r"js/\w+\.js", name)]
    imported = {name for script in ours for name in imports_of(script)}
    assert len(ours) > 2
    assert len(imported) > 2
    assert {f"js/{name}" for name in imported} <= set(names.values()) - set(names)


def imports_of(script: Path) -> list[str]:
    return re.findall(r'from "\./([^"]+)"', script.read_text(encoding="utf-8"))
