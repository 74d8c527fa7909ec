"""An encoder is tuned in two ways, each of which learns what the frozen one is taught."""

from pathlib import Path

import pytest

from tests.pilot.trainers import tiny_encoder
from tunecase.errors import InputError, install_line
from tunecase.pilot.trainers import encoder_tuned, encoder_weights
from tunecase.pilot.trainers.encoder_torch import TorchEncoder
from tunecase.pilot.trainers.task import Task

COLOURS = ("the sky is blue", "blue as the sea", "red as a rose", "a red red wine", "deep blue", "hot wine")
LABELS = ("cold", "cold", "warm", "warm", "cold", "warm")


@pytest.mark.needs("train")
@pytest.mark.parametrize("way", encoder_tuned.WAYS)
def test_both_ways_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """The result counts its steps and tokens, and times its answers."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    folder = str(tiny_encoder.save(tmp_path / "net"))
    own = encoder_tuned.settings(6, {"tuned": way, "steps": 40, "batch": 4, "learning_rate": 3e-3})
    task = Task(
        "encoder-tuned", folder, COLOURS, LABELS, ("the blue sea", "a red rose"), ("cold", "warm"), "accuracy", 0, own
    )
    result = encoder_tuned.train(task)
    assert ("cold", "warm") == result.predictions
    assert result.train_loss < 0.2
    assert (40, True) == (result.steps, result.converged)
    assert 0 < result.answer_s < result.seconds
    assert result.train_tokens > 40 * 4 * 3
    assert way in result.note
    assert result.confidences == encoder_tuned.train(task).confidences  # a task alone decides its result


@pytest.mark.needs("train")
@pytest.mark.parametrize(("share", "learning"), [(0.5, {1}), (0.1, {1}), (1.0, {0, 1})])
def test_lower_layers_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, learning: set[int]
) -> None:
    """The upper share of the layers learns, one at the least; with a share of 1 the embeddings do too."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    net = TorchEncoder(tiny_encoder.save(tmp_path / "net"), 24).net
    encoder_tuned.freeze(net, share)
    moving = {name for name, weight in net.named_parameters() if weight.requires_grad}
    assert learning == {place for place in (0, 1) for name in moving if name.startswith(f"encoder.layer.{place}.")}
    assert (share == 1) == any(name.startswith("embeddings.") for name in moving)


def test_settings_are_checked() -> None:
    """Steps follow the largest rung; what cannot be used is refused by name."""
    assert (120, 1875) == tuple(encoder_tuned.settings(rows, {})["steps"] for rows in (100, 10_000))
    assert 7 == encoder_tuned.settings(10_000, {"steps": 7})["steps"]
    with pytest.raises(InputError) as caught:
        encoder_tuned.settings(100, {"tuned": "frozen", "batch": 1, "tuned_share": 0})
    where = ("tuned", "tuned_share", "batch")
    assert [f"setting {name} of encoder-tuned" for name in where] == [
        problem.where for problem in caught.value.problems
    ]


def test_without_torch_the_fix_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for an encoder that is read without torch."""
    pytest.importorskip("safetensors", reason='skipped: pip install "tunecase[encoder]"')
    real = encoder_weights.importlib.util.find_spec
    monkeypatch.setattr(
        encoder_weights.importlib.util, "find_spec", lambda name: None if name == "torch" else real(name)
    )
    assert install_line("train") in encoder_tuned.missing(str(tiny_encoder.save(tmp_path)))
