"""The quick forward equals transformers' own, row by row, in values and in gradients."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pilot.trainers import networks
from tunecase.pilot.trainers import decoding, layers
from tunecase.pilot.trainers.hidden import Kept
from tunecase.pilot.trainers.layers import Row, chain

pytestmark = pytest.mark.needs("train")
PREFIX = (5, 6, 7, 8, 9)
ROWS = [
    chain((10, 11, 12, 13, 14, 15), (2, 5)),
    Row((20, 21, 22, 23, 24, 25), (-1, 0, 1, 1, 3, 2), (1, 4, 5)),
    chain((30,), (0,)),
]
LLAMAS = [("Llama", {}), ("Qwen2", {}), ("Qwen3", {}), ("Mistral", {"sliding_window": None})]


def network(net: Any, depth: int = 2, kept: Kept | None = None) -> layers.Network:
    """The network with adapters that are not zero, as after training."""
    import torch

    made = layers.Network(layers.attach(net, 4, depth), depth, "tiny", kept or Kept(None))
    layers.redraw(made.net, 1)
    for part in made.trained:
        torch.nn.init.normal_(part, std=0.1)
    return made


@pytest.mark.parametrize(("kind", "more"), LLAMAS, ids=[kind for kind, _ in LLAMAS])
def test_canary_equals_the_stock_forward(kind: str, more: dict[str, Any]) -> None:
    """Packed rows, branches and the shared prefix give the logits of each path alone, within 1e-3 (fp32)."""
    import torch

    own = network(networks.tiny_net(kind, **more))
    assert own.stock == ""
    stock = own._stock_logits(PREFIX, ROWS, None)
    assert float((own.logits(PREFIX, ROWS) - stock).abs().max()) < 1e-3
    with torch.no_grad():
        assert float((own.logits(PREFIX, ROWS) - stock).abs().max()) < 1e-3


def test_gradients_equal_the_stock_ones() -> None:
    """Training through the quick forward is training through the stock one."""
    import torch

    own = network(networks.tiny_net())
    columns = torch.tensor([3, 4, 5])
    found = torch.autograd.grad(own.logits(PREFIX, ROWS, columns).square().sum(), own.trained)
    wanted = torch.autograd.grad(own._stock_logits(PREFIX, ROWS, columns).square().sum(), own.trained)
    assert all(torch.allclose(one, two, rtol=1e-3, atol=1e-4) for one, two in zip(found, wanted, strict=True))
    assert any(float(one.abs().max()) > 0 for one in found)


@pytest.mark.parametrize("kind", ["Gemma", "GPTNeoX"])
def test_another_network_uses_the_stock_forward(kind: str) -> None:
    """A network that is not Llama's, or only looks like it, says why and still answers as its own forward does."""
    import torch

    own = network(networks.tiny_net(kind))
    assert own.stock
    own.ready(PREFIX, ROWS)
    whole = own.net(input_ids=torch.tensor([[*PREFIX, *ROWS[0].tokens]])).logits[0]
    assert torch.allclose(own.logits(PREFIX, ROWS[:1])[1], whole[-1].float(), atol=1e-4)


def test_changed_insides_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a release turns positions in another way, the stock forward takes over by itself."""
    monkeypatch.setattr(layers, "_turned", lambda torch, states, cos, sin: states * cos)
    assert "differs from the stock one" in network(networks.tiny_net()).stock


def test_lower_layers_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process reads what a first one kept; other weights do not."""
    import torch

    first = network(networks.tiny_net(), kept=Kept(tmp_path / "hidden.sqlite"))
    first.ready(PREFIX, ROWS)
    second = network(networks.tiny_net(), kept=Kept(tmp_path / "hidden.sqlite"))
    other = layers.Network(second.net, 2, "others", second.kept)
    layers.redraw(second.net, 1)
    monkeypatch.setattr(layers.Network, "lower", None)
    assert second.logits(PREFIX, ROWS).shape == (6, networks.ALPHABET + 2)
    with pytest.raises(TypeError), torch.no_grad():
        other.logits(PREFIX, ROWS)


def test_what_is_kept_is_exact(tmp_path: Path) -> None:
    """Reading states gives the bits that were computed."""
    import torch

    own = network(networks.tiny_net(), kept=Kept(tmp_path / "hidden.sqlite", most_memory_bytes=0))
    one, two = own._states(PREFIX, ROWS), own._states(PREFIX, ROWS)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_what_is_kept_does_not_depend_on_company() -> None:
    """Whichever process computed a row, and with which others, it wrote the same bits."""
    import torch

    together, alone = network(networks.tiny_net()), network(networks.tiny_net())
    many = together._states(PREFIX, ROWS)
    assert all(torch.equal(one, alone._states(PREFIX, [row])[0]) for one, row in zip(many, ROWS, strict=True))


def test_packs_hold_every_row_once() -> None:
    """Short rows go first; a row longer than a pack is a pack of its own."""
    own = network(networks.tiny_net())
    rows = [chain(range(n), (n - 1,)) for n in (600, 3, 200, 200, 200, 5)]
    assert [[1, 5, 2], [3], [4], [0]] == list(own.packs(PREFIX, rows))


def test_a_new_draw_starts_like_the_first() -> None:
    """Adapters drawn again are as if the model had been loaded again: they change nothing until trained."""
    import torch

    own = network(networks.tiny_net())
    layers.redraw(own.net, 3)
    once = [part.detach().clone() for part in own.trained]
    fresh = own.logits(PREFIX, ROWS)
    with own.net.disable_adapter():
        assert torch.allclose(fresh, own._stock_logits(PREFIX, ROWS, None), atol=1e-3)
    for part in own.trained:
        torch.nn.init.normal_(part)
    layers.redraw(own.net, 3)
    assert all(torch.equal(a, b) for a, b in zip(once, own.trained, strict=True))


def test_decoding_takes_the_likeliest_token_each_time() -> None:
    """Prompts of different lengths, decoded together, go on as each alone would."""
    own = network(networks.tiny_net())
    prompts = [(10, 11, 12), (20, 21, 22, 23, 24, 25, 26), (30,)]
    wanted = []
    for prompt in prompts:
        tokens = list(prompt)
        for _ in range(6):
            row = chain(tokens, (len(tokens) - 1,))
            tokens.append(int(own.logits(PREFIX, [row])[0].argmax()))
            if tokens[-1] == networks.ALPHABET:
                tokens.pop()
                break
        wanted.append(tokens[len(prompt) :])
    assert wanted == decoding.decoded(own, PREFIX, prompts, end=networks.ALPHABET, most_tokens=6)


@pytest.mark.slow
@pytest.mark.usefixtures("weights_of_this_machine")
def test_the_embedded_model_equals_its_stock_forward(tmp_path: Path) -> None:
    """SmolLM2 in fp32: packed and cached within 1e-3 of the stock forward."""
    from tunecase.pilot.trainers import weights

    if weights.find(weights.SMOL) is None:
        pytest.skip("skipped: SmolLM2's weights not found; run python -m tunecase.pilot.trainers.weights")
    tokenizer, net, _ = weights.load(weights.SMOL, "float32")
    own = network(net, depth=8, kept=Kept(tmp_path / "hidden.sqlite"))
    texts = ["Text: I lost my card\nClass:", "Where is my refund?", json.dumps({"a": 1})]
    rows = [chain(tokens := tokenizer(text)["input_ids"], (len(tokens) - 1,)) for text in texts]
    assert own.stock == ""
    for row in rows:  # adapters of this size, drawn at random, make logits of hundreds
        wanted = own._stock_logits(PREFIX, [row], None)
        assert float((own.logits(PREFIX, [row]) - wanted).abs().max() / wanted.std()) < 1e-3
