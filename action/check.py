"""Audits the data files that a pull request changes, compares the bills of its projects, and writes what to comment.

Reads PROJECTS, DATA, LIMIT, CONFIDENCE, ALLOW_UNPRICED, AUDIT and BASE (see action.yml) in the root of the repository.
Writes comment.md into the folder of the action's steps, annotations to standard output, and `passed` for the last step.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changes import CannotCompareError, Change, as_it_was, base_commit, changes, left_alone, matching, touched
from said import annotate, append, shown, work_folder

AUDITS = ("tell", "fail", "off")
ANSWERS = (0, 1)  # exit codes of an answer, yes or no
MOST_FINDINGS = 6


@dataclass
class Told:
    """What stands in the comment so far, and whether the pull request passes."""

    parts: list[str] = field(default_factory=list)
    passed: bool = True

    def refuse(self, text: str, file: str) -> None:
        """Fails the pull request with an annotation."""
        self.passed = False
        annotate("error", text, file)


def tunecase(*words: str, folder: Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of a command; what it says on the way goes to the log."""
    ran = subprocess.run(["tunecase", words[0], "--json", *words[1:]], cwd=folder, stdout=subprocess.PIPE, check=False)
    code = ran.returncode
    with contextlib.suppress(ValueError):
        record = json.loads(ran.stdout)
        if code in ANSWERS or "error" in record:
            return code, record
    ended = f"by signal {-code}" if code < 0 else f"with code {code}"
    return code or 3, {"error": f"tunecase ended {ended} and gave no answer; the log of the job may say why"}


def audit(path: str, told: Told, work: Path, *, fails: bool) -> None:
    """One row of the table of audits, and an annotation for what stands in the way."""
    code, record = tunecase("audit", "--fast", str(Path(path).absolute()), folder=work)
    if "error" in record:
        why = str(record["error"]).replace(str(Path(path).absolute()), path)
        told.parts.append(f"| {shown(path)} | not read | {shown(why)} |")
        if fails:
            told.refuse(why, path)
        else:
            annotate("warning", why, path)
        return
    grave = [finding for finding in record["findings"] if finding["severity"] in ("stop", "warn")]
    words = [named(finding) for finding in grave[:MOST_FINDINGS]]
    words += [f"{len(grave) - MOST_FINDINGS} more kinds"] * (len(grave) > MOST_FINDINGS)
    told.parts.append(f"| {shown(path)} | {record['usable']:,} of {record['rows']:,} | {shown('; '.join(words))} |")
    for finding in grave[:MOST_FINDINGS]:
        line = (finding["lines"] or [0])[0]
        annotate("warning", f"{finding['why']}. Fix: {finding['fix']}", path, line, named(finding))
    if code and fails:
        told.refuse(f"the audit's answer is no: {record['reason']}", path)


def named(finding: dict[str, Any]) -> str:
    """What was found, and of how many rows, or how far, such as "duplicate exact: 30"."""
    return f"{finding['check'].replace('_', ' ')}: {finding['figure'] or format(finding['count'], ',')}"


def limit_words() -> list[str]:
    """The options of `tunecase compare` that judge; none without a limit."""
    given = {name: os.environ.get(name, "").strip() for name in ("LIMIT", "CONFIDENCE", "ALLOW_UNPRICED")}
    if not given["LIMIT"]:
        return []
    confidence = [f"--confidence={given['CONFIDENCE']}"] if given["CONFIDENCE"] else []
    unpriced = ["--allow-unpriced"] if given["ALLOW_UNPRICED"].lower() == "true" else []
    return [f"--fail-if-over={given['LIMIT']}", *confidence, *unpriced]


def compare(project: str, before: str, told: Told, work: Path) -> None:
    """What a change of a project costs, as a section of the comment; fails over the limit."""
    words = limit_words()
    told.parts.append(f"\n### {shown(project)}\n")
    if not before and not words:
        told.parts.append("A new project. With a `limit` it is judged by itself.")
        return
    written = work / "compared.md"
    written.unlink(missing_ok=True)
    now = str(Path("now" if (work / "now").exists() else Path.cwd(), project))
    sides = [str(Path("before", before)), now] if before else [now]
    with left_alone(Path(project).parent):
        _, record = tunecase("compare", *words, "--markdown", str(written), "--", *sides, folder=work)
    if "error" in record or not written.is_file():
        why = str(record.get("error", "no answer"))
        told.parts.append(f"It could not be compared: {shown(why)}")
        told.refuse(why, project)
        return
    told.parts.append(written.read_text(encoding="utf-8"))
    judged = record.get("judged") or {}
    if judged and not judged["kept"]:
        told.refuse(judged["reason"], project)


def audited(changed: Sequence[Change], data: set[str], told: Told, work: Path) -> None:
    """The table of all audits of changed data files."""
    how = os.environ.get("AUDIT", "").strip() or AUDITS[0]
    if how not in AUDITS:
        annotate("error", f"audit: {how}; wanted {', '.join(AUDITS)}")
        sys.exit(2)
    files = [] if how == "off" else sorted(change.now for change in changed if change.now in data)
    if not files:
        return
    told.parts.append("\n### Data that changed\n\n| file | usable rows | what one pass found |\n| --- | ---: | --- |")
    for path in files:
        audit(path, told, work, fails=how == "fail")


def compared(base: str, changed: Sequence[Change], data: set[str], told: Told, work: Path) -> None:
    """A section for each project whose bill may have moved, and a line for each that is gone."""
    projects = sorted(matching(os.environ.get("PROJECTS", "**/tunecase.yaml")))
    names_before = {change.now: change.before for change in changed if change.now}
    for project in projects:
        if touched(project, changed, data):
            before = names_before.get(project, project if base else "")
            compare(project, before if (work / "before" / before).is_file() else "", told, work)
    gone = [change.before for change in changed if not change.now and Path(change.before).name == "tunecase.yaml"]
    told.parts += [f"\nThe project {shown(path)} is deleted." for path in sorted(gone)]


def main() -> None:
    """Runs in the root of the checkout."""
    told, work = Told(), work_folder()
    try:
        base = base_commit(os.environ.get("BASE", "").strip())
    except CannotCompareError as error:
        annotate("error", f"{error}. Fix: check it out whole, with `fetch-depth: 0`")
        sys.exit(2)
    changed, data = changes(base), matching(os.environ.get("DATA", ""))
    now = work / "now"
    now.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # Windows may refuse links: then names are longer
        now.symlink_to(Path.cwd(), target_is_directory=True)
    audited(changed, data, told, work)
    if base:
        with as_it_was(base, work / "before"):
            compared(base, changed, data, told, work)
    else:
        compared(base, changed, data, told, work)
    now.unlink(missing_ok=True)
    text = "\n".join(told.parts) or "Nothing changed that tunecase prices or audits."
    (work / "comment.md").write_text(text + "\n", encoding="utf-8")
    append("GITHUB_OUTPUT", f"passed={str(told.passed).lower()}\n")


if __name__ == "__main__":
    main()
