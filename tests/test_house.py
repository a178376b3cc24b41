"""The rules of the house that no linter knows."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands

REPOSITORY = Path(__file__).resolve().parent.parent
_IGNORED = {".git", ".venv", ".data", "staticfiles", "__pycache__"}
_TEXT = {".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".lock", ".json", ".xml", ""}
_LONGEST_FILE_LINES = 400


def house_files(*suffixes: str) -> list[Path]:
    """Every text file of the project by its relative path, what tools leave behind excluded."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )
    paths = (
        [Path(name) for name in listed.stdout.splitlines()]
        if listed.returncode == 0
        else [path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*") if path.is_file()]
    )
    return sorted(
        path
        for path in paths
        if path.suffix in (suffixes or _TEXT)
        and not _IGNORED.intersection(path.parts)
        and (REPOSITORY / path).is_file()
    )


def read(path: Path | str) -> str:
    return (REPOSITORY / path).read_text(encoding="utf-8")


def test_a_long_file_has_its_reason_in_a_decision():
    reasons = "\n".join(read(path) for path in house_files(".md") if "decisions" in path.parts)
    rooms = [
        path
        for path in house_files(".py", ".html", ".css", ".js")
        if not {"migrations", "tests"}.intersection(path.parts)
    ]

    long = [str(path) for path in rooms if len(read(path).splitlines()) > _LONGEST_FILE_LINES]

    assert len(rooms) > 20
    assert [path for path in long if f"`{path}`" not in reasons] == []


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(?<![.\w])/(work|root)/", id="paths of one machine"),
        pytest.param(r"\b(DESIGN|STYLE)\.md\b|\bshared/(data|reference)", id="papers left outside"),
        pytest.param(r"\buv (pip|run|sync|lock)\b|pip-compile", id="tools nobody needs here"),
        pytest.param(r"(?i)co-authored-by|generated (with|by) \[", id="marks of tools"),
        pytest.param(r"\b(TODO|FIXME|XXX|HACK)\b", id="unfinished words"),
    ],
)
def test_no_file_names(pattern):
    texts = [path for path in house_files() if path != Path("tests/test_house.py")]

    found = [str(path) for path in texts if re.search(pattern, read(path))]

    assert len(texts) > 50
    assert found == []


def test_no_page_loads_anything_from_elsewhere():
    outside = re.compile(r"""(src|href|action)=["']?(https?:)?//|@import|url\(["']?(https?:)?//""")

    pages = house_files(".html", ".css")

    assert [str(path) for path in pages if outside.search(read(path))] == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_every_command_a_page_names_exists(page):
    text = read(page)

    targets = set(re.findall(r"(?:`|^)make ([a-z]+)", text, flags=re.MULTILINE))
    commands = set(re.findall(r"manage\.py ([a-z_]+)", text))

    assert commands
    assert targets <= make_targets()
    assert commands <= set(get_commands())


def test_the_readme_names_the_two_commands():
    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z]+)", read("README.md"), re.MULTILINE))


def test_every_setting_read_from_the_environment_is_explained():
    wiring = "\n".join(read(path) for path in (REPOSITORY / "returnsbridge").glob("*.py"))
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', wiring))
    explained = set(re.findall(r"`([A-Z][A-Z_]+)`", read("docs/operations.md")))

    assert len(names) > 10
    assert names - explained == set()


def test_every_relative_link_of_a_page_leads_somewhere():
    broken = [
        f"{path}: {target}"
        for path in house_files(".md")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", read(path))
        if not (REPOSITORY / path.parent / target).exists()
    ]

    assert broken == []


def test_the_lock_pins_every_dependency_with_hashes_and_names_no_index():
    lock = read("requirements.lock")
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]

    assert len(blocks) > 50
    assert [block for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []
    assert re.search(r"https?://|index-url|find-links|^-", lock, flags=re.MULTILINE) is None


def test_the_lock_holds_every_dependency_the_project_names():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    named = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[\[<>=~! ]", name)[0].lower().replace("_", "-") for name in named}
    locked = set(re.findall(r"^([a-z0-9-]+)==", read("requirements.lock"), flags=re.MULTILINE))

    assert names - locked == set()


def test_every_cited_decision_exists():
    written = {path.name[:4] for path in (REPOSITORY / "docs" / "decisions").glob("*.md")}
    cited = {
        number
        for path in house_files(".py", ".html", ".toml", ".md")
        if path != Path("tests/test_house.py")
        for number in re.findall(r"[Dd]ecision (\d{4})", read(path))
    }

    assert cited - written == set()
