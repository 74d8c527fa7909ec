"""Which conventions of Python tools tunecase keeps, each looked at where people meet it, and run where it can be run.

Usage: python benchmarks/conventions.py [--only WORD]
22 conventions: how a tool is found, reported, scripted, typed, shown, called by other programs and held together. A
convention is kept when its check ends without an error. Takes about two minutes. Last line: JSON.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
COLOUR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-8]|9[0-7])[0-9;]*m")
LONGEST_S = 300
PATIENCE_S = 60  # with a server that may never answer
FIT = ("fit", "llama-3.1-8b", "--examples", "1000")


@dataclass(frozen=True)
class Ran:
    """How a program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Here:
    """The example as a case in a folder of its own, in which commands run."""

    folder: Path

    @property
    def project(self) -> Path:
        """Its project file."""
        return self.folder / "demo" / "tunecase.yaml"

    def run(self, *words: str, at: str = ".", stdin: str = "", **variables: str) -> Ran:
        """A Python program, such as `-m tunecase fit`, and how it ended."""
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **variables}
        command, place = [sys.executable, *words], self.folder / at
        ran = subprocess.run(
            command, cwd=place, env=env, input=stdin, capture_output=True, text=True, timeout=LONGEST_S
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def tunecase(self, *words: str, at: str = ".", stdin: str = "", **variables: str) -> Ran:
        """`tunecase WORDS`, which must end with 0 or 1. Raises AssertionError."""
        ran = self.run("-m", "tunecase", *words, at=at, stdin=stdin, **variables)
        assert ran.code in (0, 1), f"exit code {ran.code}: {(ran.err or ran.out).strip().splitlines()[0][:90]}"
        return ran

    def tests(self, *words: str) -> str:
        """The last line of tests that must pass. Raises AssertionError."""
        ran = self.run("-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *words)
        last = ran.out.strip().splitlines()[-1]
        assert ran.code == 0, last
        return last


def project() -> dict[str, object]:
    """The table `project` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def classifiers(here: Here) -> str:
    """The index knows all of them, and they name audience, topic, environment and Python."""
    from trove_classifiers import classifiers as known

    named = [str(name) for name in project()["classifiers"]]
    assert not [name for name in named if name not in known]
    kinds = ("Development Status", "Environment", "Intended Audience", "Programming Language", "Topic", "Typing")
    missing = [kind for kind in kinds if not any(name.startswith(f"{kind} ::") for name in named)]
    assert not missing, f"no {missing}"
    return f"{len(named)} classifiers, {len(project()['keywords'])} keywords"


def citation(here: Here) -> str:
    """CITATION.cff is of the version that the command prints."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    printed = here.tunecase("--version").out.strip()
    assert (cited["cff-version"], cited["version"]) == ("1.2.0", printed), f"{cited['version']}, not {printed}"
    return f"version {printed}"


def security(here: Here) -> str:
    """SECURITY.md says how to report a weakness."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert re.search(r"report a weakness privately", text, re.IGNORECASE)
    return "how to report, and within which time"


def templates(here: Here) -> str:
    """Forms for reports that parse, and a template for pull requests."""
    forms = [path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"]
    assert all(yaml.safe_load(path.read_text(encoding="utf-8"))["body"] for path in forms)
    assert len(forms) >= 2
    assert (ROOT / ".github/pull_request_template.md").read_text(encoding="utf-8").strip()
    return f"{len(forms)} forms and one template"


def changelog(here: Here) -> str:
    """The newest section of CHANGELOG.md is of the version that the command prints."""
    title = re.search(r"^## (\S+) \(", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert title
    assert title[1] == here.tunecase("--version").out.strip(), f"it begins with {title[1]}"
    return f"begins with {title[1]}"


def completion(here: Here) -> str:
    """The shell completes a command."""
    asked = {"_TUNECASE_COMPLETE": "complete_bash", "COMP_WORDS": "tunecase esti", "COMP_CWORD": "1"}
    words = here.run(
        "-c", "import sys; sys.argv = ['tunecase']; from tunecase.cli import main; main()", **asked
    ).out.split()
    assert words == ["estimate"], f"completes to {words}"
    return "`tunecase esti` becomes estimate"


def quiet_and_verbose(here: Here) -> str:
    """--quiet says nothing beside the answer, --verbose says on standard error what is done."""
    quiet, verbose = here.tunecase(*FIT, "--quiet"), here.tunecase(*FIT, "--verbose")
    assert quiet.out.strip()
    assert not quiet.err, quiet.err
    assert verbose.err.strip(), "--verbose says nothing"
    assert verbose.out.strip()
    return f"{len(quiet.out.splitlines())} lines, and {len(verbose.err.splitlines())} of what was done"


def no_color(here: Here) -> str:
    """A terminal gets colours, and none where NO_COLOR is set."""
    plain, coloured = (_on_a_terminal(here, **given) for given in ({"NO_COLOR": "1"}, {}))
    assert COLOUR.search(coloured), "there are no colours to turn off"
    assert not COLOUR.search(plain), "NO_COLOR leaves colours"
    return f"{len(COLOUR.findall(coloured))} colours, none with NO_COLOR"


def _on_a_terminal(here: Here, **variables: str) -> bytes:
    import pty

    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "CI", "TERM"}}
    env = {**kept, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm-256color", **variables}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tunecase", "--help"]
    process = subprocess.Popen(command, cwd=here.folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while block := os.read(ours, 65_536):
            said += block
    except OSError:  # how Linux tells the end of a terminal
        pass
    process.wait()
    os.close(ours)
    return said


def environment_variable(here: Here) -> str:
    """TUNECASE_PROJECT stands for --project."""
    name = json.loads(here.tunecase("estimate", "--json", TUNECASE_PROJECT=str(here.project)).out)
    assert name["currency"] == "USD"
    return "TUNECASE_PROJECT stands for --project"


def subfolder(here: Here) -> str:
    """A project file is found from a folder below it."""
    assert json.loads(here.tunecase("estimate", "--json", at="demo/data").out)["currency"] == "USD"
    return "found from data/"


def standard_streams(here: Here) -> str:
    """Rows are read from standard input, and a comment goes to standard output."""
    rows = (here.project.parent / "data/train.jsonl").read_text(encoding="utf-8")
    read = json.loads(here.tunecase("audit", "-", "--fast", "--json", stdin=rows).out)
    assert read["rows"] == 717, f"{read['rows']} rows read"
    words = ("--fail-if-over", "90k USD", "--markdown", "-")
    assert "keeps the limit" in here.tunecase("compare", str(here.project), *words).out.splitlines()[0]
    return "717 rows from standard input, a comment to standard output"


def json_schema(here: Here) -> str:
    """`tunecase schema VERB` describes what --json prints."""
    import jsonschema

    schema = json.loads(here.tunecase("schema", "fit").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(here.tunecase(*FIT, "--json").out), schema)
    return f"{schema['$id']} holds for what fit prints"


def typed(here: Here) -> str:
    """The wheel carries py.typed."""
    command = ["-m", "hatchling", "build", "--target", "wheel", "--directory", str(here.folder)]
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(here.folder.glob("*.whl"))) as wheel:
        assert "tunecase/py.typed" in wheel.namelist()
    return "py.typed is in the wheel"


RECORD = "import tunecase; record = tunecase.training_run('llama-3.1-8b', examples=1000); "


def notebook(here: Here) -> str:
    """A record shows itself as HTML in the shell of a notebook."""
    shell = "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance(); "
    record = "import tunecase; record = tunecase.Case('demo/tunecase.yaml').define(); "
    ran = here.run("-c", shell + record + "print(shell.display_formatter.formatters['text/html'](record))")
    assert ran.code == 0, ran.err.strip().splitlines()[-1]
    assert "<" in ran.out, "no HTML"
    return f"{len(ran.out):,} letters of HTML"


def to_pandas(here: Here) -> str:
    """A record becomes a frame, or says what to install."""
    ran = here.run("-c", RECORD + "print(type(record.to_pandas()).__name__, len(record.to_pandas()), record.tables)")
    assert ran.code == 0, ran.err.strip().splitlines()[-1]
    assert ran.out.startswith("DataFrame")
    return ran.out.strip()


def action(here: Here) -> str:
    """The steps of action.yml run on a repository, and keep one comment."""
    assert yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["using"] == "composite"
    return here.tests(f"{ROOT}/tests/test_pull_request.py", "-m", "slow or not slow", "-k", "one_comment or expression")


def pre_commit(here: Here) -> str:
    """The entry of the hook is a program of the package and judges a file."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    module, _, function = str(project()["scripts"][hook["entry"]]).partition(":")
    program = f"import sys; from {module} import {function}; {function}()"
    ran = here.run("-c", program, "demo/data/train.jsonl")
    assert ran.code == 0, ran.out or ran.err
    return ran.out.strip()[:60]


def skill(here: Here) -> str:
    """The skill says when to use it, and every command that it names is there."""
    _, head, body = (ROOT / "skills/tunecase/SKILL.md").read_text(encoding="utf-8").split("---\n", 2)
    told = yaml.safe_load(head)
    assert told["name"] == "tunecase"
    assert told["description"]
    names = set(re.findall(r"\btunecase ([a-z]+)\b", " ".join(re.findall(r"`([^`\n]+)`", body))))
    absent = [name for name in sorted(names) if here.run("-m", "tunecase", name, "--help").code]
    assert names
    assert not absent, f"no command {absent}"
    return f"{len(names)} commands, all there"


def mcp(here: Here) -> str:
    """A server of the Model Context Protocol answers and lists its tools."""
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "check", "version": "1"}}
    asked = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        [sys.executable, "-m", "tunecase", "mcp"], cwd=here.folder, env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as server:  # fmt: skip
        assert server.stdin
        assert server.stdout
        timer = threading.Timer(PATIENCE_S, server.kill)
        timer.start()
        server.stdin.write("".join(json.dumps(message) + "\n" for message in asked))
        server.stdin.flush()
        answers = (json.loads(line) for line in server.stdout if line.startswith("{"))
        tools = next((one["result"]["tools"] for one in answers if one.get("id") == 2), [])
        timer.cancel()
        server.stdin.close()
        server.terminate()
    assert tools, "no tools"
    return f"{len(tools)} tools"


def docs_site(here: Here) -> str:
    """`make site` is there, with tutorials to build."""
    planned = subprocess.run(["make", "-n", "site"], cwd=ROOT, capture_output=True, text=True)
    assert planned.returncode == 0, planned.stderr.strip().splitlines()[-1]
    pages = list((ROOT / "docs/site").rglob("*.md"))
    assert len(pages) >= 5, f"{len(pages)} pages"
    return f"{len(pages)} pages"


def lock(here: Here) -> str:
    """Everything that is installed for development is locked by hashes."""
    return here.tests(f"{ROOT}/tests/test_supply_chain.py", "-k", "lock")


def sbom(here: Here) -> str:
    """A bill of materials is made from the lock, and every licence is listed."""
    assert subprocess.run(["make", "-n", "sbom"], cwd=ROOT, capture_output=True).returncode == 0
    return here.tests(f"{ROOT}/tests/test_supply_chain.py", "-k", "licences")


CONVENTIONS: tuple[tuple[str, Callable[[Here], str]], ...] = (
    ("classifiers", classifiers), ("CITATION", citation), ("SECURITY", security), ("templates", templates),
    ("changelog", changelog), ("completion", completion), ("quiet/verbose", quiet_and_verbose), ("NO_COLOR", no_color),
    ("environment variable", environment_variable), ("subfolder", subfolder), ("stdin/stdout", standard_streams),
    ("JSON schema", json_schema), ("py.typed", typed), ("notebook display", notebook), ("to_pandas", to_pandas),
    ("Action", action), ("pre-commit", pre_commit), ("skill", skill), ("MCP", mcp), ("docs site", docs_site),
    ("lock", lock), ("SBOM", sbom),
)  # fmt: skip


def main() -> None:
    """Runs every check and prints the table and the JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="conventions whose name holds this word")
    only = parser.parse_args().only
    asked = [(name, check) for name, check in CONVENTIONS if only in name]
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        here = Here(Path(folder))
        here.tunecase("init", "--example", "support-tickets", "--to", "demo")
        for name, check in asked:
            try:
                mark, told = "kept", check(here)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong, the convention is not kept
                mark, told = "", str(error).splitlines()[0] if str(error) else type(error).__name__
                missing[name] = told
            print(f"{name:<22} {mark:<5} {told}", flush=True)
    print(json.dumps({"kept": len(asked) - len(missing), "of": len(asked), "missing": missing}))


if __name__ == "__main__":
    main()
