"""Outside programs are run, watched and ended, and say why they failed."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pilot.trainers.outside import TASK, python, settings
from tunecase.errors import InputError
from tunecase.pilot.trainers import command, outside
from tunecase.pilot.trainers.task import Result, Setting
from tunecase.quantities.wording import duration

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
ANSWER = (
    "import json, sys; run = json.load(open(sys.argv[1])); rows = [json.loads(l) for l in open(run['test'])]; "
    "open(run['answers'], 'w').writelines(json.dumps({'answer': r['completion']}) + chr(10) for r in rows)"
)


def train(code: str, *arguments: str, **others: Setting) -> Result:
    """The result of a line of Python as the trainer."""
    return command.train(replace(TASK, settings=settings(python(code, *arguments), **others)))


def alive(pid: int) -> bool:
    """Whether a process runs, zombies apart."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def gone(pid: int, within_s: float = 60.0) -> bool:
    """Whether a process ends, long before its sleep is over."""
    end = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def train_patiently(begun: Callable[[Result], bool], code: str, **others: Setting) -> tuple[Result, float]:
    """A program that outlasts its time limit, and the limit: the first at which the program had begun.

    A busy machine can take longer to start Python than the shortest limit.
    """
    for limit_s in (1.0, 5.0, 25.0, 125.0):
        result = train(code, time_limit_s=limit_s, **others)
        if begun(result):
            break
    return result, limit_s


def test_a_command_trains() -> None:
    """The program finds run.json as its last argument, works in the run's folder, and is scored by its answers."""
    found = train(ANSWER)
    assert ("", 1.0, 3, TASK.test_labels) == (found.failed, found.score, found.correct, found.predictions)
    assert 0 < found.seconds < 60


@POSIX
def test_the_python_of_an_environment_stays_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link by which an environment calls its Python is not followed: behind it are other packages, or none."""
    link = tmp_path / "environment" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(Path(sys.executable).resolve())
    monkeypatch.chdir(tmp_path)
    for word in (str(link), str(link.relative_to(tmp_path))):
        code = ANSWER + f"\nassert sys.executable == {str(link)!r}, sys.executable\n"
        assert "" == command.train(replace(TASK, settings=settings([word, "-c", code]))).failed


def test_run_may_stand_anywhere() -> None:
    """`{run}` is replaced by the path of run.json where the command says so."""
    assert "" == train(ANSWER, "{run}", "--more").failed


def test_a_runs_folder_is_kept_where_it_is_named(tmp_path: Path) -> None:
    """The files of a run stay in a folder of its own; the same task has the same folder."""
    for _ in range(2):
        assert "" == train("print('hello');" + ANSWER, runs_folder=str(tmp_path)).failed
    (folder,) = tmp_path.iterdir()
    assert {"run.json", "train.jsonl", "test.jsonl", "answers.jsonl", "run.log"} == set(os.listdir(folder))
    assert "hello\n" == (folder / "run.log").read_text()


def test_options_reach_the_program() -> None:
    """A JSON object of the wrapper's own goes through run.json."""
    code = ANSWER + "; assert run['options'] == {'template': 'qwen'}, run['options']"
    assert "" == train(code, options='{"template": "qwen"}').failed


def test_a_model_that_nobody_named_is_none() -> None:
    """The trainer's own words for its model are not passed on as a name."""
    for model, shown in ((command.MODEL, ""), ("some/model", "some/model")):
        code = ANSWER + f"; assert run['model'] == {shown!r}, run['model']"
        asked = replace(TASK, model=model, settings=settings(python(code)))
        assert "" == command.train(asked).failed


BAD_ENDS: list[tuple[str, str]] = [
    ("1/0", "exit code 1: ZeroDivisionError: division by zero"),
    ("import sys; print('bad option --rank'); sys.exit(2)", "exit code 2: bad option --rank"),
    ("import sys; sys.exit(3)", "exit code 3, and it printed nothing"),
    ("raise MemoryError", "out of memory"),
    ("raise RuntimeError('CUDA out of memory. Tried to allocate 2.00 GiB')", "out of memory"),
    ("raise OSError(28, 'No space left on device')", "the disk is full"),
    ("print('fine')", "wrote neither answers.jsonl nor a score"),
    ("open('answers.jsonl', 'wb').write(bytes(range(256)) * 9)", "answers.jsonl line 1 is not"),
    ("print(chr(27) + '[31m' + chr(7)); 1/0", "exit code 1: ZeroDivisionError: division by zero"),
]


def test_failures_have_reasons() -> None:
    """A program that ends badly makes a failed run that says why, in words that fit one line."""
    results = [(words, train(code)) for code, words in BAD_ENDS]
    assert [] == [
        (words, found)
        for words, found in results
        if words not in found.failed or not found.failed.isprintable() or found.seconds <= 0 or found.converged
    ]


@POSIX
def test_a_killed_program_is_named_so() -> None:
    """A kill reads as what it most often is; another signal is named."""
    kill = "import os; os.kill(os.getpid(), {})"
    assert "killed (SIGKILL), as happens when memory runs out" in train(kill.format(9)).failed
    assert "ended by SIGTERM" in train(kill.format(15)).failed
    assert "killed (SIGKILL)" in train("import sys; sys.exit(137)").failed  # as a shell reports it


@POSIX
def test_out_of_memory_and_disk_for_real() -> None:
    """A real limit on memory and one on a file's size are told in words."""
    limit = "import resource as r; r.setrlimit(r.{}, ({}, {})); "
    hungry = limit.format("RLIMIT_AS", 2**28, 2**28) + "x = bytearray(2**30)"
    assert "out of memory" in train(hungry).failed
    signals = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    full = signals + limit.format("RLIMIT_FSIZE", 4096, 4096) + "open('answers.jsonl', 'wb').write(bytes(9999))"
    assert "the disk is full or a file may not grow" in train(full).failed


def test_what_is_not_there_is_said_with_its_fix() -> None:
    """A missing program is one clear sentence, with what to do."""
    found = command.train(replace(TASK, settings=settings(["no-such-trainer", "x"])))
    assert (
        '"no-such-trainer" is not found: install it in an environment of its own and name it by its full path'
        == found.failed
    )


@POSIX
def test_what_may_not_run_is_said(tmp_path: Path) -> None:
    """A file that is not executable, or is no program, is named with what to do."""
    script = tmp_path / "train.py"
    script.write_text("print(1)")
    assert "make it executable" in command.train(replace(TASK, settings=settings([str(script)]))).failed
    script.chmod(0o755)
    assert "name its interpreter" in command.train(replace(TASK, settings=settings([str(script)]))).failed


def test_files_named_from_here_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapper named by a relative path is found although it runs in another folder."""
    (tmp_path / "wrapper.py").write_text(ANSWER)
    monkeypatch.chdir(tmp_path)
    assert "" == command.train(replace(TASK, settings=settings([sys.executable, "wrapper.py"]))).failed


def test_a_hang_ends_at_the_time_limit() -> None:
    """A program that does not end is ended, and its last words are kept."""
    code = "import time; print('step 7', flush=True); time.sleep(600)"
    result, limit_s = train_patiently(lambda result: "step 7" in result.failed, code)
    ended = f"not done within the time limit of {duration(limit_s)}, so it was ended; its last lines: step 7"
    assert ended == result.failed
    assert result.seconds < 300


@POSIX
def test_a_program_may_clean_up_before_it_is_ended() -> None:
    """At the time limit a program is asked to leave first."""
    code = """
        import signal, sys, time
        def leave(*_): print('saved what I had', flush=True); sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        time.sleep(600)
    """
    words = "saved what I had"
    assert words in train_patiently(lambda result: words in result.failed, textwrap.dedent(code))[0].failed


@POSIX
@pytest.mark.slow
def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """A program deaf to being asked, and its deaf child in a session of its own, are killed after the grace."""
    deaf = "import signal, time, os; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    pid = tmp_path / "pid"
    child = deaf + f"open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    code = deaf + f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True)"
    result, _ = train_patiently(lambda _: pid.exists(), code + "; time.sleep(600)", grace_s=0.5)
    assert "time limit" in result.failed
    assert gone(int(pid.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux")
def test_children_left_behind_are_ended(tmp_path: Path) -> None:
    """What a program leaves running when it ends well, even in a session of its own, is ended; the run counts."""
    orphan = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    code = f"import subprocess, time, os; subprocess.Popen([sys.executable, '-c', {orphan!r}], start_new_session=True)"
    wait = f"\nwhile not os.path.exists({str(tmp_path / 'pid')!r}): time.sleep(.01)"
    assert "" == train(ANSWER + "; " + code + wait).failed
    assert gone(int((tmp_path / "pid").read_text() or 0))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_the_program_goes_with_us(tmp_path: Path, number: signal.Signals) -> None:
    """However this process ends, killed or interrupted, the program and its children end too."""
    pid = tmp_path / "pid"
    grandchild = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    # Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
    ours = f"""
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from dataclasses import replace
        from tests.pilot.trainers.outside import TASK, python, settings
        from tunecase.pilot.trainers import command
        command.train(replace(TASK, settings=settings(python({code!r}), grace_s=0.5)))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(ours)], env=_path(), stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not (pid.exists() and pid.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    grandchild_pid = int(pid.read_text())
    assert alive(grandchild_pid)
    process.send_signal(number)
    process.wait(120)
    assert gone(grandchild_pid)


def _path() -> dict[str, str]:
    root = Path(__file__).parents[3]
    return {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}


def test_a_flood_of_print_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log keeps its head and the last lines; the program never waits for a reader."""
    monkeypatch.setattr(outside, "MOST_LOG_BYTES", 100_000)
    flood = "print('first'); [print('x' * 99) for _ in range(50_000)]; print('last');"
    assert "" == train(flood + ANSWER, runs_folder=str(tmp_path)).failed
    log = next(tmp_path.iterdir()) / "run.log"
    assert log.stat().st_size < 120_000
    lines = log.read_text().splitlines()
    assert ("first", "last") == (lines[0], lines[-1])
    assert "bytes left out" in log.read_text()


def test_bytes_that_are_no_text_do_not_stop_the_run() -> None:
    """Print that is not UTF-8 and a line without end are taken."""
    assert "" == train("import os; os.write(1, b'\\xff\\xfe' * 99_999);" + ANSWER).failed


def test_no_secret_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program has the environment; values that look like secrets are in no file and no reason."""
    monkeypatch.setenv("HF_TOKEN", "hush-hush-hush")
    found = train("import os; raise ValueError(os.environ['HF_TOKEN'])", runs_folder=str(tmp_path))
    assert "exit code 1: ValueError: [HF_TOKEN]" == found.failed
    for path in next(tmp_path.iterdir()).iterdir():
        assert "hush" not in path.read_text()


def test_a_folder_that_cannot_be_written_fails_the_run(tmp_path: Path) -> None:
    """A runs folder that is a file is a failed run, not a traceback."""
    (tmp_path / "file").write_text("")
    assert "the run's folder cannot be written" in train(ANSWER, runs_folder=str(tmp_path / "file")).failed


REFUSED: list[tuple[dict[str, Setting], str]] = [
    ({}, "the program that trains"), ({"command": "python 'x"}, "No closing quotation"),
    ({"command": "x --token hf_abcdefghijkl"}, "a secret"), ({"command": "x", "options": "[1]"}, "a JSON object"),
    ({"command": "x", "options": "{"}, "a JSON object"),
    ({"command": "x", "sharding": "fdsp"}, "did you mean fsdp or ddp?"), ({"command": "x", "batch": 0}, "at least 1"),
    ({"command": "x", "time_limit_s": 0.0}, "at least 1"),
    ({"command": "x", "colour": "red"}, "a setting of this trainer"),
]  # fmt: skip


def test_wrong_settings_are_refused() -> None:
    """A command that cannot run is refused before any run is made."""
    for chosen, words in REFUSED:
        with pytest.raises(InputError, match="(?s).*" + words.replace("?", r"\?")):
            command.settings(100, chosen)


def test_all_rungs_have_the_same_steps() -> None:
    """The steps depend on the top of the ladder alone, unless they are named."""
    assert 375 == command.settings(1000, {"command": "x"})["steps"]
    assert 50 == command.settings(1000, {"command": "x", "steps": 50})["steps"]


def test_words_of_a_command() -> None:
    """A command is text or a JSON list of words; the record shows it as it was typed."""
    assert ("a", "b c") == command.command_words(json.dumps(["a", "b c"]))
    assert ("a", "b c") == command.command_words("a 'b c'")


def test_launchers_do_not_hide_the_error() -> None:
    """The child's own error is shown, not the launcher's banner below it."""
    lines = (
        "[rank0]: ValueError: 9 rows do not fit\n", "E1124 torch/distributed/elastic: failed\n", "=" * 40 + "\n",
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n",
        "subprocess.CalledProcessError: Command '['x']' returned non-zero exit status 1.\n",
    )  # fmt: skip
    assert outside.useful_lines(lines).startswith("[rank0]: ValueError: 9 rows do not fit")


def test_identity_follows_the_script(tmp_path: Path) -> None:
    """A changed script makes other runs; a program that is not there makes no trouble."""
    script = tmp_path / "train.py"
    found = set()
    for text in ("one", "two"):
        script.write_text(text)
        found.add(command.identity("m", {"command": f"no-such-program {script}"}))
    assert 2 == len(found)
