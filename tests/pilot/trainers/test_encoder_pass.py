"""The forward pass without torch computes what torch computes."""

from pathlib import Path
from typing import Any

import pytest

from tests.pilot.trainers import tiny_encoder
from tunecase.errors import InputError
from tunecase.pilot.trainers import encoder_pass
from tunecase.pilot.trainers.encoder_pass import NumpyEncoder
from tunecase.pilot.trainers.encoder_weights import find

np = pytest.importorskip("numpy")
pytest.importorskip("safetensors", reason='skipped: pip install "tunecase[encoder]"')


def loaded(folder: Path, most_tokens: int = 256) -> NumpyEncoder:
    """The encoder of a folder."""
    found = find(str(folder))
    return NumpyEncoder(found.folder, found.config, most_tokens)


def test_by_hand_where_the_layers_do_nothing(tmp_path: Path) -> None:
    """With zero weights in every layer, three norms of the summed embeddings are left, as worked out here."""
    from safetensors.numpy import save_file

    tensors = tiny_encoder.tensors()
    for name, value in tensors.items():
        if name.startswith("encoder."):
            value[...] = name.endswith("LayerNorm.weight")
    folder = tiny_encoder.save(tmp_path, num_hidden_layers=1)
    save_file(tensors, folder / "model.safetensors")

    def normed(row: Any) -> Any:
        return (row - row.mean()) / np.sqrt(((row - row.mean()) ** 2).mean())

    encoder = loaded(folder)
    assert [[2, 4, 3]] == encoder.tokens(["red"])
    word, place, kind = (tensors[f"embeddings.{n}_embeddings.weight"] for n in ("word", "position", "token_type"))
    row = normed(word[4] + place[1] + kind[0])
    row = row * tensors["embeddings.LayerNorm.weight"] + tensors["embeddings.LayerNorm.bias"]
    hidden, mask = encoder.hidden([[2, 4, 3]])
    assert ((1, 3, tiny_encoder.WIDTH), [[1, 1, 1]]) == (hidden.shape, mask.tolist())
    assert np.allclose(normed(normed(row)), hidden[0, 1], atol=1e-5)


def test_padding_changes_nothing(tmp_path: Path) -> None:
    """A text in a batch with a longer one has the numbers that it has alone."""
    encoder = loaded(tiny_encoder.save(tmp_path))
    short, long = encoder.tokens(["red rose", "the deep blue sea is cold"])
    together, mask = encoder.hidden([short, long])
    alone, _ = encoder.hidden([short])
    assert np.allclose(alone[0], together[0, : len(short)], atol=1e-6)
    assert len(short) == mask[0].sum() < mask[1].sum()


def test_long_texts_lose_their_end(tmp_path: Path) -> None:
    """At the setting, or where the encoder has no more positions."""
    folder = tiny_encoder.save(tmp_path)
    for most, longest in ((10, 10), (256, tiny_encoder.POSITIONS)):
        encoder = loaded(folder, most)
        assert [longest, longest] == [encoder.longest, len(encoder.tokens(["red " * 50])[0])]


def test_prefixes_and_old_names_are_read(tmp_path: Path) -> None:
    """Weights of a larger model, and norms that are called gamma and beta, give the same numbers."""
    from safetensors.numpy import save_file

    plain = loaded(tiny_encoder.save(tmp_path / "plain"))
    old = tiny_encoder.save(tmp_path / "old")
    renamed = {
        f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in tiny_encoder.tensors().items()
    }
    save_file({**renamed, "cls.predictions.bias": np.zeros(3, np.float32)}, old / "model.safetensors")
    assert np.array_equal(plain.hidden([[2, 4, 3]])[0], loaded(old).hidden([[2, 4, 3]])[0])


def test_unreadable_weights_say_what_is_wanted(tmp_path: Path) -> None:
    """A file that is no safetensors, and one that lacks tensors, are refused with what to do."""
    from safetensors.numpy import save_file

    folder = tiny_encoder.save(tmp_path)
    (folder / "model.safetensors").write_bytes(b"no weights at all")
    with pytest.raises(InputError, match="a safetensors file"):
        loaded(folder)
    save_file({"embeddings.word_embeddings.weight": np.zeros((4, 4), np.float32)}, folder / "model.safetensors")
    with pytest.raises(InputError, match=r"no embeddings.LayerNorm.bias and \d+ more"):
        loaded(folder)


@pytest.mark.needs("train")
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_torch_computes_the_same(tmp_path: Path, kind: str) -> None:
    """For both ways of counting positions, in a batch with padding."""
    import torch
    from transformers import AutoConfig, AutoModel

    words, most = len(tiny_encoder.WORDS), tiny_encoder.POSITIONS
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        kind, hidden_size=16, num_attention_heads=2, num_hidden_layers=2, intermediate_size=32, vocab_size=words,
        max_position_embeddings=most, pad_token_id=0,
    )  # fmt: skip
    net = AutoModel.from_config(config).eval()
    for weights in net.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    net.save_pretrained(tmp_path)
    tiny_encoder.save_tokenizer(tmp_path)
    batch = [[2, 4, 3], [2, 11, 15, 5, 9, 16, 7, 3]]
    hidden, mask = loaded(tmp_path).hidden(batch)
    padded = torch.tensor([[*row, *[0] * (8 - len(row))] for row in batch])
    with torch.no_grad():
        wanted = net(input_ids=padded, attention_mask=torch.tensor(mask)).last_hidden_state.numpy()
    assert np.abs(hidden - wanted)[mask > 0].max() < 2e-5


def test_the_encoders_activation_is_gelu() -> None:
    """Within a millionth of the function in 64 bits where activations lie, and nothing or all far from it."""
    from scipy.special import erf

    x = np.linspace(-12, 12, 200_001).astype(np.float32)
    exact = x.astype(float) * (1 + erf(x.astype(float) / 2**0.5)) / 2
    assert np.abs(encoder_pass._gelu(x.copy()) - exact).max() < 2e-6
    assert np.abs(encoder_pass._gelu(x.copy()) - exact)[np.abs(x) < 5].max() < 1.1e-6


def test_weights_in_32_bits_are_the_pages_of_the_file(tmp_path: Path) -> None:
    """Nothing of them is copied, so processes share them."""
    tensors = loaded(tiny_encoder.save(tmp_path / "net"))._tensors
    assert not any(tensor.flags.owndata or tensor.flags.writeable for tensor in tensors.values())
