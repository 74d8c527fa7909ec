"""A command is watched for a few steps and ended."""

import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tunecase.errors import InputError, MissingExtraError
from tunecase.pilot.trainers import watched
from tunecase.pilot.trainers.watched import watch_own, watch_steps

TRAINS = """
import importlib.util, sys
assert importlib.util.find_spec("torch")  # as datasets and transformers look for it
import torch
net = torch.nn.Sequential(torch.nn.Embedding(50, 16), torch.nn.Linear(16, 50))
optimizer = torch.optim.AdamW(net.parameters())
print("begins", flush=True)
while True:
    for _ in range(2):
        ids = torch.randint(0, 50, (4, 32))
        torch.nn.functional.cross_entropy(net(ids).view(-1, 50), ids.view(-1)).backward()
    optimizer.step()
    optimizer.zero_grad()
"""


@pytest.mark.needs("train")
@pytest.mark.parametrize("launch", [(), ("-m", "torch.distributed.run", "--nproc-per-node", "2")])
def test_steps_of_a_real_training_are_seen(
    launch: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endless training in torch, alone or under a launcher, is ended after its steps, which are timed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAINS)
    lines = watch_steps([sys.executable, *launch, "train.py"], 2, 50)
    ranks = 2 if launch else 1
    assert [(rank, step) for rank in range(ranks) for step in (1, 2, 3)] == [(o["rank"], o["step"]) for o in lines]
    assert {(2, ((4, 32), (4, 32)), None, ranks)} == {
        (o["micro_batches"], tuple(map(tuple, o["shapes"])), o["allocated"], o["world"]) for o in lines
    }
    assert all(0 < o["seconds"] < 60 for o in lines)
    assert [tmp_path / "train.py"] == list(tmp_path.iterdir())


@pytest.mark.needs("train")
def test_a_shell_does_not_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the training in a script, whether it asks for success or not, does not run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.py").write_text(TRAINS)
    script = f'"{sys.executable}" tiny.py && touch uploaded; sleep 30; touch late\n'
    (tmp_path / "job.sh").write_text(script)
    lines = watch_steps(["bash", "job.sh"], 1, 50)
    ended = time.time()
    assert [1, 2] == [o["step"] for o in lines]
    assert ended - lines[-1]["at"] < 10
    assert ["job.sh", "tiny.py"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print(3)", "by itself after 0 steps"),
        ("import nothing_here", "nothing_here"),
        ("import time; time.sleep(60)", "time"),
    ],
)
def test_no_step_is_a_refusal(program: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not train, fails or takes too long is refused with what it said."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        watch_steps([sys.executable, "-c", program], 3, 3)
    assert said in caught.value.problems[0].got
    assert "3 steps" in caught.value.problems[0].wanted


def test_secrets_stay_out_of_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value of a variable that looks like a secret is not in the refusal."""
    monkeypatch.setenv("HUB_TOKEN", "abcdef123456")
    with pytest.raises(InputError) as caught:
        watch_steps([sys.executable, "-c", "import os; raise SystemExit(os.environ['HUB_TOKEN'])"], 3, 20)
    assert "abcdef" not in str(caught.value)


def test_the_own_trainer_gets_rows_of_the_length(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trainer is started on rows of at least as many words as its settings allow tokens."""
    from tunecase.pilot.trainers import weights
    from tunecase.pilot.trainers.contract import read_rows, read_run

    def kept(command: list[str], steps: int, limit_s: float, environment: dict[str, str]) -> tuple[dict[str, int], ...]:
        run = read_run(Path(command[-1]))
        texts, labels = read_rows(Path(command[-1]).parent / run["train"])
        assert ({"yes", "no"}, 16, 10) == (set(labels), len(texts), run["settings"]["steps"])
        assert all(len(text.split()) >= 300 for text in texts)
        assert "tunecase.pilot.trainers.trl_worker" in command
        return ({"step": steps},)

    monkeypatch.setattr(watched, "watch_steps", kept)
    told: list[str] = []

    def fetch(model: str, tell: Callable[[str], None]) -> weights.Found:
        tell(f"Downloading {model}")
        return weights.Found(model, tmp_path, "here")

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: True)
    monkeypatch.setattr(weights, "fetch", fetch)
    assert ({"step": 4},) == watch_own("model", {"sequence_tokens": 300}, 4, 60, told.append)
    assert ["Downloading model"] == told
    watch_own("model", {"sequence_tokens": 300}, 4, 60)
    assert "Downloading model" in capsys.readouterr().err


def test_missing_packages_are_told_before_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched for a training that could not start."""
    from tunecase.pilot.trainers import weights

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "bitsandbytes" else True)
    monkeypatch.setattr(weights, "fetch", lambda *_: pytest.fail("fetched"))
    with pytest.raises(MissingExtraError, match="bitsandbytes not installed"):
        watch_own("model", {"method": "qlora"}, 3, 60)


def test_a_program_that_is_not_there_is_told() -> None:
    """A name that is no program is refused as such."""
    with pytest.raises(InputError, match="is not found"):
        watch_steps(["no-such-program-here"], 3, 5)
