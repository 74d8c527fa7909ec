"""This machine is named, and measured once."""

from pathlib import Path

import pytest

from tunecase.pilot.trainers import machine


def test_the_cache_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of ours, then each system's own place."""
    monkeypatch.setenv("TUNECASE_CACHE", "~/there")
    assert Path.home() / "there" == machine.cache_folder()
    monkeypatch.delenv("TUNECASE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    for system, wanted in (
        ("linux", Path("/caches/tunecase")),
        ("darwin", Path.home() / "Library" / "Caches" / "tunecase"),
        ("win32", Path("/local/tunecase/cache")),
    ):
        monkeypatch.setattr("sys.platform", system)
        assert wanted == machine.cache_folder()


@pytest.mark.needs("train")
def test_the_number_type_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later processes read it, so that one machine gives one answer."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path))
    first = machine.number_type()
    assert first in ("bfloat16", "float32")
    monkeypatch.setattr(machine, "_product_s", None)
    assert first == machine.number_type()


def test_the_processor_has_a_name() -> None:
    """A record without one would not say what the seconds are worth."""
    assert machine.processor().strip()


@pytest.mark.needs("train")
def test_a_device_does_a_product() -> None:
    """Whatever it is, torch knows it."""
    import torch

    assert torch.device(machine.device()).type in ("cpu", "cuda", "mps")
