"""A command is watched for a few steps and ended."""

import sys
from pathlib import Path

import pytest

from tunecase.errors import InputError
from tunecase.pilot.trainers import watched
from tunecase.pilot.trainers.watched import watch_own, watch_steps

TRAINS = """
import sys, torch
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


@pytest.mark.parametrize("launch", [(), ("-m", "torch.distributed.run", "--nproc-per-node", "2")])
def test_steps_of_a_real_training_are_seen(
    launch: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endless training in torch, alone or under a launcher, is ended after its steps, which are timed."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAINS)
    lines = watch_steps([sys.executable, *launch, "train.py"], 3, 120)
    ranks = 2 if launch else 1
    assert [(rank, step) for rank in range(ranks) for step in (1, 2, 3)] == [(o["rank"], o["step"]) for o in lines]
    assert {(2, ((4, 32), (4, 32)), None, ranks)} == {
        (o["micro_batches"], tuple(map(tuple, o["shapes"])), o["allocated"], o["world"]) for o in lines
    }
    assert all(0 < o["seconds"] < 60 for o in lines)
    assert [tmp_path / "train.py"] == list(tmp_path.iterdir())


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


def test_the_own_trainer_gets_rows_of_the_length(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The trainer is started on rows of at least as many words as its settings allow tokens."""
    from tunecase.pilot.trainers import weights
    from tunecase.pilot.trainers.contract import read_rows, read_run

    def kept(command: list[str], steps: int, limit_s: float, environment: dict[str, str]) -> tuple[dict[str, int], ...]:
        run = read_run(Path(command[-1]))
        texts, labels = read_rows(Path(command[-1]).parent / run["train"])
        assert ({"yes", "no"}, 16, 8) == (set(labels), len(texts), run["settings"]["steps"])
        assert all(len(text.split()) >= 300 for text in texts)
        assert "tunecase.pilot.trainers.trl_worker" in command
        return ({"step": steps},)

    monkeypatch.setattr(watched, "watch_steps", kept)
    monkeypatch.setattr(weights, "fetch", lambda *_: weights.Found("model", tmp_path, "here"))
    assert ({"step": 4},) == watch_own("model", {"sequence_tokens": 300}, 4, 60)
