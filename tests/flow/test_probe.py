"""A probe runs on a card, and says so where there is none."""

from datetime import date
from pathlib import Path

import pytest

from tests.compute.test_probe import ASKED, line
from tunecase import pilot
from tunecase.errors import InputError
from tunecase.flow import probe as flow_probe
from tunecase.flow.probe import probe

TODAY = date(2026, 11, 28)


def test_no_card_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a card nothing is started."""
    monkeypatch.setattr(flow_probe, "gpus", tuple)
    monkeypatch.setattr(pilot, "watch_steps", lambda *_: pytest.fail("started"))
    with pytest.raises(InputError, match="no NVIDIA card"):
        probe(ASKED, "llama-2-7b", ["python", "train.py"], TODAY)


def test_the_own_trainer_stands_in_for_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a command that is watched, without one the pilot's trainer; both become measured runs."""
    monkeypatch.setattr(flow_probe, "gpus", lambda: ("0",))
    monkeypatch.setattr(pilot, "watch_steps", lambda *_: (line(1), line(2)))
    names: list[str] = []

    def watch_own(model: str, *_: object) -> tuple[dict[str, object], ...]:
        names.append(model)
        return line(1), line(2)

    monkeypatch.setattr(pilot, "watch_own", watch_own)
    (typed,), _ = probe(ASKED, "llama-2-7b", ["python", "train.py"], TODAY)
    (own,), (note,) = probe(ASKED, "llama-2-7b", [], TODAY)
    assert ("transformers", "trl") == (typed.recipe.framework, own.recipe.framework)
    assert "framework trl (asked: transformers)" in note
    assert ("2026-11-28", ["meta-llama/Llama-2-7b-hf"]) == (own.date, names)


def test_a_model_given_by_path_is_trained_from_its_folder(tmp_path: Path) -> None:
    """A folder, or the config.json in it, names the weights beside it."""
    config = tmp_path / "config.json"
    config.write_text("{}")
    assert [str(tmp_path)] * 2 == [flow_probe._weights(str(path), "a/name") for path in (tmp_path, config)]
