"""The action for pull requests, its steps read from action.yml and run in bash on a real repository and a local API."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.making import case_folder, tickets, write_jsonl

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
BOT, GUEST = {"login": "robot", "type": "Bot"}, {"login": "guest", "type": "User"}


@dataclass
class Api:
    """What a pull request's comments are on the server, and how it was asked."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    read_only: bool = False
    url: str = ""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The status and the JSON of one request."""
        self.asked.append(f"{method} {path}")
        if path == "/user" or (self.read_only and method != "GET"):
            return 403, {"message": "Resource not accessible by integration"}
        if method == "GET":
            page = int(re.search(r"page=(\d+)$", path)[1])
            return 200, self.comments[100 * page - 100 : 100 * page]
        if method == "POST":
            self.comments.append({"id": len(self.comments) + 7, "user": BOT, **body})
            return 201, self.comments[-1]
        mine = next(each for each in self.comments if str(each["id"]) == path.rpartition("/")[2])
        mine.update(body)
        return 200, mine


@pytest.fixture
def api() -> Iterator[Api]:
    """A server that keeps the comments of one pull request, as GitHub's API does."""
    kept = Api()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            assert "Bearer secret" == self.headers["Authorization"]
            status, said = kept.answer(self.command, self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Ran:
    """How a run of the action ended: the step that failed, what was logged, and the job's summary."""

    failed: str
    log: str
    summary: str

    @property
    def annotations(self) -> list[str]:
        """The lines of the log that GitHub shows at files."""
        return [line for line in self.log.splitlines() if line.startswith("::")]


class Repository:
    """A git repository whose branch `main` is the base of a pull request, and a runner for the action's steps."""

    def __init__(self, folder: Path, api: Api) -> None:
        self.root, self.beside, self.api = folder / "repository", folder, api
        self.tunecase = "-m tunecase"
        self.root.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        """What git says in the repository."""
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ["git", *who, *words], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self) -> str:
        """Commits all there is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def run(self, base: str, **inputs: str) -> Ran:
        """The steps of action.yml in turn, until one fails, as a runner of GitHub runs them."""
        values = {f"inputs.{name}": str(given.get("default", "")) for name, given in ACTION["inputs"].items()}
        values |= {"inputs.token": "secret"} | {f"inputs.{name}": value for name, value in inputs.items()}
        for name in ("output", "summary"):
            (self.beside / name).write_text("", encoding="utf-8")
        env, log = self._environment(base), ""
        for step in ACTION["runs"]["steps"]:
            if "run" not in step or step["name"] == "Install tunecase":
                continue
            own = {name: EXPRESSION.sub(lambda found: values[found[1]], text) for name, text in step["env"].items()}
            script = self.beside / "step.sh"
            script.write_text(step["run"], encoding="utf-8")
            ran = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
                cwd=self.root, env={**env, **own}, capture_output=True, text=True,
            )  # fmt: skip
            log += ran.stdout + ran.stderr
            assert "Traceback" not in log, log
            if ran.returncode:
                return self._ended(step["name"], log)
            for line in (self.beside / "output").read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                values[f"steps.{step.get('id')}.outputs.{name}"] = value
        return self._ended("", log)

    def _ended(self, failed: str, log: str) -> Ran:
        assert "" == self.git("status", "--porcelain"), "the checkout is left as it was"
        assert self.git("worktree", "list").count("\n") == 0, "no tree of the base is left behind"
        return Ran(failed, log, (self.beside / "summary").read_text(encoding="utf-8"))

    def _environment(self, base: str) -> dict[str, str]:
        programs = self.beside / "programs"
        programs.mkdir(exist_ok=True)
        for name, words in (("python", ""), ("tunecase", self.tunecase)):
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
            (programs / name).chmod(0o755)
        event = self.beside / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7, "base": {"sha": base}}} if base else {}))
        return {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.api.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(self.beside / "output"),
            "GITHUB_REPOSITORY": "team/models",
            "GITHUB_STEP_SUMMARY": str(self.beside / "summary"),
            "RUNNER_TEMP": str(self.beside / "temp"),
        }


@pytest.fixture
def repository(tmp_path: Path, api: Api) -> Repository:
    """A repository with one case, committed on its base branch."""
    made = Repository(tmp_path, api)
    case_folder(made.root / "colours", train_rows=60, test_rows=40)
    (made.root / "README.md").write_text("Colours of things.\n", encoding="utf-8")
    made.commit()
    return made


def change(path: Path, old: str, new: str) -> None:
    """Replaces words in a file that has them."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_no_expression_stands_in_a_script() -> None:
    """What a pull request chooses reaches the shell in variables, and every input is one that is declared."""
    steps = [step for step in ACTION["runs"]["steps"] if "run" in step]
    assert [] == [step["name"] for step in steps if "${{" in step["run"] or step["shell"] != "bash"]
    named = {name for step in steps for text in step["env"].values() for name in EXPRESSION.findall(text)}
    declared = {f"inputs.{name}" for name in ACTION["inputs"]} | {"steps.check.outputs.passed"}
    assert set() == named - declared
    assert declared - named <= {"inputs.python-version"}


def test_nothing_that_counts_changed(repository: Repository, api: Api) -> None:
    """A change of a text is neither priced nor audited, and the comment says so."""
    base = repository.git("rev-parse", "HEAD")
    (repository.root / "README.md").write_text("Colours of all things.\n", encoding="utf-8")
    repository.commit()
    ran = repository.run(base, limit="1 USD")
    assert ("", []) == (ran.failed, ran.annotations)
    assert ["Nothing changed that tunecase prices or audits."] == api.comments[0]["body"].splitlines()[-1:]


def test_a_shallow_checkout_fetches_its_base(repository: Repository, api: Api) -> None:
    """A checkout of one commit, as workflows have it, is compared with the base all the same."""
    base = repository.git("rev-parse", "HEAD")
    (repository.root / "README.md").write_text("Colours of all things.\n", encoding="utf-8")
    repository.commit()
    shallow = repository.beside / "shallow"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(shallow))
    repository.root = shallow
    assert "" == repository.run(base, projects="").failed
    assert "Nothing changed" in api.comments[0]["body"]


def test_what_others_added_to_the_base_is_not_deleted(repository: Repository, api: Api) -> None:
    """A shallow checkout of a branch is held against the commit at which it left the base, not against the base now."""
    repository.git("checkout", "--quiet", "-b", "branch")
    (repository.root / "README.md").write_text("Colours of all things.\n", encoding="utf-8")
    for _ in range(3):
        repository.commit()
    repository.git("checkout", "--quiet", "main")
    (repository.root / "trees").mkdir()
    (repository.root / "trees" / "tunecase.yaml").write_text("name: trees\n", encoding="utf-8")
    base = repository.commit()
    shallow = repository.beside / "shallow"
    address = f"file://{repository.root}"
    repository.git("clone", "--quiet", "--depth=1", "--branch=branch", address, str(shallow))
    repository.root = shallow
    assert "" == repository.run(base).failed
    assert "Nothing changed" in api.comments[0]["body"]


def test_a_base_that_cannot_be_reached_is_told(repository: Repository, api: Api) -> None:
    """Without the base, or without the commits up to it, nothing is compared, and the error says what to do."""
    base = repository.git("rev-parse", "HEAD")
    for _ in range(3):
        repository.commit()
    shallow = repository.beside / "shallow"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(shallow))
    repository.root = shallow
    repository.git("remote", "rename", "origin", "elsewhere")
    for words in (f"the base {base} is not in this checkout", "this checkout is shallow"):
        ran = repository.run(base)
        assert ("Audit and compare", 1) == (ran.failed, len(ran.annotations))
        assert ran.annotations[0].startswith(f"::error::{words}")
        assert "`fetch-depth: 0`" in ran.annotations[0]
        repository.git("fetch", "--quiet", "--depth=1", "elsewhere", base)
    assert [] == api.comments


def test_a_killed_audit_is_told(repository: Repository, api: Api) -> None:
    """It is a row of the comment; it passes where audits only tell, and fails where they may."""
    base = repository.git("rev-parse", "HEAD")
    write_jsonl(repository.root / "colours" / "train.jsonl", tickets(30, 1))
    repository.commit()
    repository.tunecase = "-c 'import os; os.kill(os.getpid(), 9)'"
    assert "" == repository.run(base, projects="").failed
    row = next(line for line in api.comments[0]["body"].splitlines() if "train&#46;jsonl" in line)
    assert "| not read | tunecase ended by signal 9 and gave no answer" in row
    assert "Judge" == repository.run(base, projects="", audit="fail").failed
    assert "Judge" == repository.run(base, audit="off").failed


def test_the_page_names_every_input() -> None:
    """The table of the how-to page has each input of the action with its default, and the output is named."""
    text = (ROOT / "docs" / "site" / "how-to" / "pull-requests.md").read_text(encoding="utf-8")
    assert list(ACTION["inputs"]) == re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert [] == [name for name in ACTION["outputs"] if f"`{name}`" not in text]


@pytest.mark.slow
def test_one_comment_is_kept_up_to_date(repository: Repository, api: Api) -> None:
    """The first run writes a comment, the next one changes it; another's comment with the same mark stays as it is."""
    base, project = repository.git("rev-parse", "HEAD"), repository.root / "colours" / "tunecase.yaml"
    api.comments += [{"id": number, "user": GUEST, "body": "a word"} for number in range(1000, 1120)]
    change(project, "50%", "80%")
    repository.commit()
    first = repository.run(base, limit="90k USD")
    assert "" == first.failed
    assert ["POST"] == [line.split()[0] for line in api.asked if not line.startswith("GET")]
    own = api.comments[-1]
    assert "### colours/tunecase&#46;yaml" in own["body"]
    assert "Changed: share" in own["body"]
    assert "Data that changed" not in own["body"]
    mark = own["body"].splitlines()[0]
    api.comments.insert(0, {"id": 1, "user": GUEST, "body": f"{mark}\nnot by the action"})
    change(project, "budget: 30k", "budget: 40k")
    repository.commit()
    assert "" == repository.run(base, limit="90k USD").failed
    assert "PATCH /repos/team/models/issues/comments/127" == api.asked[-1]
    assert f"{mark}\nnot by the action" == api.comments[0]["body"]
    assert 122 == len(api.comments)
    assert "budget" in api.comments[-1]["body"]


@pytest.mark.slow
def test_over_the_limit_fails(repository: Repository, api: Api) -> None:
    """The job fails behind the comment, and the project file bears the reason."""
    base = repository.git("rev-parse", "HEAD")
    change(repository.root / "colours" / "tunecase.yaml", "50%", "80%")
    repository.commit()
    ran = repository.run(base, limit="100 USD", confidence="90%")
    assert "Judge" == ran.failed
    (error,) = [line for line in ran.annotations if line.startswith("::error")]
    assert error.startswith("::error file=colours/tunecase.yaml::90%25 sure to cost at most")
    assert "does not keep the limit of 100 USD" in api.comments[0]["body"]


@pytest.mark.slow
def test_only_data_changed(repository: Repository, api: Api) -> None:
    """Changed rows are audited, with annotations at their lines, and the case that they belong to is compared."""
    base, train = repository.git("rev-parse", "HEAD"), repository.root / "colours" / "train.jsonl"
    write_jsonl(train, [*tickets(60, 1), *tickets(30, 1)])
    repository.commit()
    ran = repository.run(base, limit="90k USD")
    assert "" == ran.failed
    body = api.comments[0]["body"]
    assert "| colours/train&#46;jsonl | 60 of 90 | duplicate exact: 30" in body.replace("&#58;", ":")
    assert "colours/tunecase&#46;yaml" in body
    begins = r"::warning file=colours/train\.jsonl,line=\d+,title=duplicate exact%3A 30::"
    assert any(re.match(begins, line) for line in ran.annotations)
    write_jsonl(train, [{"text": "a lamp", "label": "red"}] * 40)
    repository.commit()
    assert "Judge" == repository.run(base, limit="90k USD", audit="fail", projects="").failed
    assert "Judge" != repository.run(base, limit="90k USD", audit="off", projects="").failed


@pytest.mark.slow
def test_a_hostile_file_name_is_a_name(repository: Repository, api: Api) -> None:
    """A name with a command, an annotation, a link and a call runs nothing, annotates nothing and calls nobody."""
    base = repository.git("rev-parse", "HEAD")
    name = "-x $(touch pwned) `touch pwned`;\n::error::no %0A, [a](b) @all <b>|.jsonl"
    folder = repository.root / "--to=x"
    write_jsonl(folder / name, tickets(40, 3))
    (folder / "link.jsonl").symlink_to("/etc/passwd")
    repository.commit()
    ran = repository.run(base)
    assert "" == ran.failed
    assert [] == list(repository.beside.rglob("pwned"))
    assert [] == [line for line in ran.annotations if line.startswith("::error")]
    body = api.comments[0]["body"]
    row = next(line for line in body.splitlines() if "touch pwned" in line)
    assert 4 == row.count("|")
    assert not set(row) & set("@[]<>`$")
    assert "link&#46;jsonl" not in body


@pytest.mark.slow
def test_projects_that_are_new_renamed_or_gone(repository: Repository, api: Api) -> None:
    """A renamed project is compared with what it was, a new one is judged by itself, a deleted one is named."""
    base = repository.git("rev-parse", "HEAD")
    repository.git("mv", "colours", "a colour")
    repository.commit()
    assert "" == repository.run(base, limit="90k USD").failed
    body = api.comments[0]["body"]
    assert "a colour/tunecase&#46;yaml" in body
    assert "a is before/colours/tunecase.yaml, b is now/a colour/tunecase.yaml." in body
    renamed = repository.git("rev-parse", "HEAD")
    repository.git("rm", "-r", "--quiet", "a colour")
    repository.commit()
    assert "" == repository.run(renamed, limit="90k USD").failed
    assert "The project a colour/tunecase&#46;yaml is deleted." in api.comments[0]["body"]


@pytest.mark.slow
def test_the_first_commit_has_no_base(repository: Repository, api: Api) -> None:
    """Without a pull request there is nothing to compare with and no comment: the summary tells, the limit judges."""
    ran = repository.run("", limit="100 USD", audit="off")
    assert "Judge" == ran.failed
    assert "colours/tunecase&#46;yaml" in ran.summary
    assert [] == api.asked


@pytest.mark.slow
def test_a_fork_may_not_comment(repository: Repository, api: Api) -> None:
    """Where the token may not write, the text stands in the summary and the job goes on."""
    api.read_only, base = True, repository.git("rev-parse", "HEAD")
    (repository.root / "colours" / "tunecase.yaml").write_text("name: [\n", encoding="utf-8")
    repository.commit()
    ran = repository.run(base)
    assert "Judge" == ran.failed, "a project file that cannot be read passes nothing"
    assert "It could not be compared" in ran.summary
    assert any(line.startswith("::notice::this token may not write comments") for line in ran.annotations)
    assert [] == api.comments


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The variables of a machine whose `python` is a bare one; skips where no registry is reached."""
    shell = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONPYCACHEPREFIX"}}
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True, env=shell)
    command = [tmp_path / "env/bin/python", "-m", "pip", "install", "--quiet", "hatchling"]
    got = subprocess.run(command, env=shell, capture_output=True, text=True)
    if got.returncode:
        pytest.skip(f"no package registry is reached: {got.stderr.strip().splitlines()[-1]}")
    programs = f"{tmp_path / 'env/bin'}{os.pathsep}{os.environ['PATH']}"
    return {**shell, "PATH": programs, "HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path / "hooks")}


@pytest.mark.slow
def test_the_action_installs_itself(environment: dict[str, str], tmp_path: Path) -> None:
    """From its own folder, with the extras that were asked for, and not from a module of the repository's."""
    (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == "Install tunecase"]
    (tmp_path / "pip.py").write_text("raise SystemExit('run from the repository')", encoding="utf-8")
    given = {**environment, "EXTRAS": "ui", "GITHUB_ACTION_PATH": str(ROOT)}
    command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
    ran = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True)
    assert 0 == ran.returncode, ran.stderr
    both = "import uvicorn, tunecase; print(tunecase.__version__)"
    subprocess.run(["python", "-c", both], cwd=tmp_path, env=environment, check=True)
    subprocess.run(["tunecase", "--version"], cwd=tmp_path, env=environment, check=True)


@pytest.mark.slow
def test_pre_commit_runs_the_hook(environment: dict[str, str], tmp_path: Path) -> None:
    """pre-commit installs the hook from this repository; good rows are told, and rows with one label do not pass."""
    subprocess.run(["python", "-m", "pip", "install", "--quiet", "pre-commit"], env=environment, check=True)
    folder = tmp_path / "data"
    write_jsonl(folder / "good.jsonl", tickets(40, 1))
    write_jsonl(folder / "bad one.jsonl", [{"text": f"lamp {n} broke", "label": "red"} for n in range(40)])
    for words in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    command = ["pre-commit", "try-repo", str(ROOT), "tunecase-audit", "--all-files"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert 1 == ran.returncode, ran.stdout + ran.stderr
    assert "good.jsonl: 40 of 40 rows usable" in ran.stdout
    assert "bad one.jsonl: " in ran.stdout
    assert {"good.jsonl", "bad one.jsonl", ".git"} == {path.name for path in folder.iterdir()}
