"""What every command takes: how much it says, and which project file it works on."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.command import tunecase
from tests.making import case_folder
from tunecase.cli.commands import _program
from tunecase.cli.options import not_found
from tunecase.cli.show.progress import LINE
from tunecase.cli.show.record import of_project
from tunecase.flow import open_case

DEPTHS = ("full", "quiet", "verbose")


def commands(program: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command of the program by its words."""
    under = getattr(program, "commands", None)
    if under is None:
        return {path: program}
    return {words: one for name, command in under.items() for words, one in commands(command, (*path, name)).items()}


def test_every_command_says_as_much_as_is_asked_for() -> None:
    """--full, --quiet and --verbose are options of every command, -q and -v of no other meaning."""
    for words, command in commands(_program()).items():
        names = [option.name for option in command.params]
        letters = [letter for option in command.params for letter in option.opts if letter in ("-q", "-v")]
        assert (3, ["-q", "-v"]) == (len([name for name in names if name in DEPTHS]), letters), words


def test_quiet_is_the_answer_alone(walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lines of what is printed otherwise, nothing on standard error, the same exit code."""
    monkeypatch.setattr("tunecase.cli.show.progress.SILENT_S", 0.0)
    monkeypatch.setattr("tunecase.cli.show.progress.TICK_S", 0.001)
    below = walked.parent / "below"
    below.mkdir(exist_ok=True)
    for words in (("books",), ("spend", "list"), ("ledger", "verify")):
        loud, quiet = tunecase(*words, cwd=below), tunecase(*words, "--quiet", cwd=below)
        assert (loud.code, "") == (quiet.code, quiet.err), words
        assert 1 <= len(quiet.out.splitlines()) <= 3, quiet.out
        assert loud.out.startswith(quiet.out), (loud.out, quiet.out)
        assert "Project file: ../tunecase.yaml" in loud.err
    loud, quiet = (tunecase("ledger", "verify", "--json", *words, cwd=below) for words in ((), ("-q",)))
    assert (loud.json, "") == (quiet.json, quiet.err)


def test_quiet_beside_what_asks_for_more_is_refused(walked: Path) -> None:
    """--quiet goes neither with --full nor with --verbose; both are told together, and nothing is done."""
    ran = tunecase("audit", "-q", "--full", "-v", "--json", "--project", walked)
    told = [(problem["where"], problem["got"]) for problem in ran.json["problems"]]
    assert (2, [("--quiet", "--full beside it"), ("--quiet", "--verbose beside it")]) == (ran.code, told)
    assert 0 == tunecase("audit", "--full", "-v", "--project", walked).code


def test_verbose_tells_steps_files_and_seconds(tmp_path: Path) -> None:
    """Each step stands on standard error with its files and seconds, as JSON is printed too; no code, no scratch."""
    case_folder(tmp_path, train_rows=40, test_rows=20)
    ran = tunecase("define", "--verbose", "--json", cwd=tmp_path)
    lines = [line.partition(" s  ")[2] for line in ran.err.splitlines()]
    assert isinstance(ran.json, dict)
    assert all(float(line.split()[0]) >= 0 for line in ran.err.splitlines())
    for told in ("Judging the problem", "Checking the data", "Pricing the plan", "  reads tunecase.yaml"):
        assert told in lines, ran.err
    assert any(line.startswith("done: Checking the data, ") for line in lines)
    assert "  reads train.jsonl" in lines
    assert any(line.strip() in ("writes ledger.jsonl", "adds to ledger.jsonl") for line in lines)
    assert not any(word in ran.err for word in (".py", ".lock", ".part", "site-packages"))
    assert "" == tunecase("ledger", "verify", "--json", cwd=tmp_path).err


def test_what_is_heard_of_files_ends_with_the_command(walked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is told of files that are opened after a command with --verbose."""
    tunecase("ledger", "verify", "--verbose", "--project", walked)
    walked.read_text(encoding="utf-8")
    assert not LINE.on
    assert "" == capsys.readouterr().err


def test_the_environment_names_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TUNECASE_PROJECT stands for --project, comes before a project file above, and is told; --project wins."""
    named, here, typed = (case_folder(tmp_path / name, name=f"name: {name}") for name in ("named", "here", "typed"))
    below = here.parent / "below"
    below.mkdir()
    monkeypatch.setenv("TUNECASE_PROJECT", str(named))

    def path_of(*words: str) -> tuple[str, str]:
        ran = tunecase("ledger", "verify", "--json", *words, cwd=below)
        return str((below / ran.json["path"]).resolve().parent), ran.err

    assert (str(named.parent), f"Project file: {named} (TUNECASE_PROJECT)\n") == path_of()
    assert (str(typed.parent), "") == path_of("--project", str(typed))
    assert (str(named.parent), "") == path_of("--quiet")
    monkeypatch.setenv("TUNECASE_PROJECT", "")
    path, err = path_of()
    assert (str(here.parent), True) == (path, "../tunecase.yaml" in err)


@pytest.mark.parametrize(
    "words",
    [
        ("estimate",), ("compare", "--set", "method=full"), ("fit", "llama-3.1-8b"), ("prices",), ("scorecard",),
        ("inference", "qwen3-8b"), ("ledger", "set-aside", "ab", "--why", "x"), ("serve",), ("spend", "list"),
    ],
)  # fmt: skip
def test_a_project_of_the_environment_that_is_not_there(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that works on a project tells the variable by its name, and a folder without a case."""
    monkeypatch.setenv("TUNECASE_PROJECT", str(tmp_path / "none.yaml"))
    ran = tunecase(*words, cwd=tmp_path)
    assert (2, True) == (ran.code, ran.err.startswith("TUNECASE_PROJECT: '")), ran
    assert "which is not there; wanted a project file.\nCorrect TUNECASE_PROJECT, or unset it." in ran.err
    monkeypatch.setenv("TUNECASE_PROJECT", str(tmp_path))
    assert "a folder without tunecase.yaml; wanted a project file." in tunecase(*words, cwd=tmp_path).err


def test_a_folder_stands_for_the_project_file_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the variable and at --project alike, also of commands for which a project is no must."""
    folder = case_folder(tmp_path / "case").parent
    typed = tunecase("ledger", "verify", "--json", "--project", folder)
    assert str(folder / "ledger.jsonl") == typed.json["path"], typed
    assert 0 == tunecase("prices", "--project", folder).code
    monkeypatch.setenv("TUNECASE_PROJECT", str(folder))
    assert typed.json["path"] == tunecase("ledger", "verify", "--json", cwd=tmp_path).json["path"]


def test_a_file_that_is_typed_needs_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What works without a project file does not look at the variable."""
    monkeypatch.setenv("TUNECASE_PROJECT", str(tmp_path / "none.yaml"))
    (tmp_path / "points.csv").write_text("n,score\n50,0.5\n100,0.6\n200,0.68\n400,0.74\n", encoding="utf-8")
    assert tunecase("forecast", "points.csv", "--target", "80%", cwd=tmp_path).code in (0, 1)


def test_a_command_that_would_miss_the_project_is_told_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command bears the project where nobody would find it by itself, so that it runs as printed."""
    path = case_folder(tmp_path / "my case")
    case = open_case(path)
    monkeypatch.chdir(tmp_path)
    assert str(path) == not_found(case)
    assert f"tunecase fit --project '{path}'" == of_project("tunecase fit", not_found(case))
    assert f"tunecase decide --full --project '{path}'" == of_project("tunecase decide --full", not_found(case))
    assert "" == of_project("", not_found(case))
    monkeypatch.setenv("TUNECASE_PROJECT", str(path.parent))
    assert "" == not_found(case)
    monkeypatch.delenv("TUNECASE_PROJECT")
    monkeypatch.chdir(path.parent)
    assert "tunecase fit" == of_project("tunecase fit", not_found(case))


@pytest.mark.usefixtures("on_file")
def test_what_a_case_advises_bears_its_project(walked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is advised last by decide, typed elsewhere, is for the same case."""
    account = importlib.import_module("tunecase.accounts.decide")
    monkeypatch.setattr(account, "next_command", lambda material: "tunecase fit")
    told = tunecase("decide", "--project", walked, cwd=tmp_path).out
    assert f"next: tunecase fit --project {walked}" in told
