"""A probe runs on a card, and says so where there is none."""

from datetime import date

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
    monkeypatch.setattr(pilot, "watch_own", lambda *_: (line(1), line(2)))
    (typed,), _ = probe(ASKED, "llama-2-7b", ["python", "train.py"], TODAY)
    (own,), _ = probe(ASKED, "llama-2-7b", [], TODAY)
    assert ("transformers", "trl") == (typed.recipe.framework, own.recipe.framework)
    assert "2026-11-28" == own.date
