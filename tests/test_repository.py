"""What people look for beside the code: how to cite it, how to report, what is new, how it is released."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tunecase.version import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Of the Citation File Format 1.2.0: what must be there, and what else may.
NEEDED = {"cff-version", "message", "title", "authors"}
ALLOWED = NEEDED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url",
    "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url",
    "version",
}  # fmt: skip


def test_the_citation_is_of_this_version() -> None:
    """CITATION.cff has the fields of its format, and names this version and licence."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert set(cited) >= NEEDED
    assert set(cited) <= ALLOWED
    assert ("1.2.0", "software") == (cited["cff-version"], cited["type"])
    assert (__version__, PROJECT["license"]) == (cited["version"], cited["license"])
    assert all(set(author) & {"name", "family-names", "given-names"} for author in cited["authors"])


def test_classifiers_are_known_and_agree() -> None:
    """The index knows each classifier; the oldest Python is the one that is required; SPDX alone names the licence."""
    from trove_classifiers import classifiers

    named = PROJECT["classifiers"]
    assert [] == [name for name in named if name not in classifiers]
    pythons = sorted(int(name.rpartition("3.")[2]) for name in named if re.search(r"Python :: 3\.\d+$", name))
    assert f">=3.{pythons[0]}" == PROJECT["requires-python"]
    assert [] == [name for name in named if name.startswith("License ::")]
    about = ("Development Status", "Environment", "Intended Audience", "Topic", "Typing")
    assert [] == [kind for kind in about if not any(name.startswith(f"{kind} ::") for name in named)]


@pytest.mark.parametrize("form", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem)
def test_forms_of_reports_are_valid(form: Path) -> None:
    """Each form has a name, a description and questions with names of their own, and asks for at least one answer."""
    asked = yaml.safe_load(form.read_text(encoding="utf-8"))
    if form.stem == "config":
        assert set(asked) <= {"blank_issues_enabled", "contact_links"}
        return
    assert {"name", "description", "body"} <= set(asked)
    fields = [part for part in asked["body"] if part["type"] != "markdown"]
    assert len(fields) == len({part["id"] for part in fields})
    assert {part["type"] for part in fields} <= {"checkboxes", "dropdown", "input", "textarea"}
    assert all(part["attributes"]["label"] for part in fields)
    assert any(part.get("validations", {}).get("required") for part in fields)


def test_the_changelog_begins_with_this_version() -> None:
    """The newest section is of this version, has a day or says that it is not released, and the earlier ones follow."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$", text, re.MULTILINE)
    versions = [tuple(map(int, version.split("."))) for version, _ in titles]
    assert __version__ == titles[0][0]
    assert versions == sorted(versions, reverse=True)


def test_the_release_checklist_can_be_followed() -> None:
    """Every command of make and every file that the checklist names is there."""
    text = (ROOT / "docs/releasing.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set() == set(re.findall(r"`make ([a-z-]+)`", text)) - targets
    files = [name for name in re.findall(r"`([\w./-]+)`", text) if "/" in name and not name.startswith("build/")]
    assert [] == [name for name in files if not (ROOT / name).exists()]
    assert [str(n) for n in range(1, 11)] == re.findall(r"^(\d+)\. ", text, re.MULTILINE)
