"""The documentation names all that the code has."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from quarterhour.events import EVENT_CLASSES
from quarterhour.lifecycle import Reason, RunState, StageState
from quarterhour.settings import Settings
from quarterhour.web.app import make_app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [c.__name__ for c in EVENT_CLASSES] + [*Reason, *RunState, *StageState])
def test_events_states_and_reasons_are_documented(name: str) -> None:
    assert f"`{name}`" in doc("events.md")


@pytest.mark.parametrize("section", Settings.model_fields)
def test_settings_are_documented(section: str) -> None:
    annotation: Any = Settings.model_fields[section].annotation
    model = next(iter(get_args(annotation)), annotation)
    parts = re.split(rf"^## `\[+{section}\]+`$", doc("settings.md"), flags=re.MULTILINE)
    assert len(parts) == 2, f"no section for {section}"
    table = parts[1].split("\n## ")[0]
    assert [key for key in model.model_fields if f"| `{key}` |" not in table] == []


def test_api_calls_are_documented() -> None:
    paths = make_app(None).openapi()["paths"]
    calls = [f"`{method.upper()} {path}`" for path, methods in paths.items() for method in methods]
    assert calls
    assert [call for call in calls if call not in doc("architecture.md")] == []


def test_dependencies_are_documented() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[^\w.-]", line)[0] for line in project["dependencies"]]
    assert [name for name in names if f"| {name} |" not in doc("dependencies.md")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^ *(?:async )?def (test_\w+)", code, flags=re.MULTILINE))
    assert set(re.findall(r"`(test_\w+)`", text)) - defined == set()
    assert [path for path in re.findall(r"`(tests/[\w/.-]+)`", text) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {path}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {path}#{anchor}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as viewers of Markdown make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
