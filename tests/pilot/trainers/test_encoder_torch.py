"""Other architectures are read through torch, and give vectors like any encoder."""

from pathlib import Path

import pytest

from tests.pilot.trainers import tiny_encoder
from tunecase.errors import InputError
from tunecase.pilot.trainers import encoder_vectors, encoder_weights

pytestmark = pytest.mark.needs("train")


def save_deberta(folder: Path) -> Path:
    """A tiny DeBERTa of random weights."""
    import torch
    from transformers import DebertaV2Config, DebertaV2Model, PreTrainedTokenizerFast

    torch.manual_seed(0)
    config = DebertaV2Config(
        hidden_size=16, num_attention_heads=2, num_hidden_layers=1, intermediate_size=32, max_position_embeddings=24,
        vocab_size=len(tiny_encoder.WORDS), pad_token_id=0, relative_attention=True, pos_att_type=["p2c", "c2p"],
    )  # fmt: skip
    DebertaV2Model(config).save_pretrained(folder)
    tiny_encoder.save_tokenizer(folder)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]")
    tokenizer.save_pretrained(folder)
    return folder


def test_another_architecture_gives_vectors(tmp_path: Path) -> None:
    """Padding changes nothing, and long texts lose their end at the encoder's positions."""
    import numpy as np

    from tunecase.pilot.trainers.encoder_torch import TorchEncoder

    found = encoder_weights.here(str(save_deberta(tmp_path)))
    assert found.needs_torch
    encoder = TorchEncoder(found.folder, 256)
    tokens = encoder.tokens(["red rose", "the deep blue sea is cold", "red " * 50])
    assert [24, 24] == [encoder.longest, len(tokens[2])]
    together = encoder_vectors.vectors_of(encoder, tokens, "mean")
    alone = encoder_vectors.vectors_of(encoder, tokens[:1], "mean")
    assert np.allclose(alone[0], together[0], atol=1e-5)
    assert (3, 16) == together.shape


def test_what_the_library_cannot_read_is_refused(tmp_path: Path) -> None:
    """With the folder, what the library says, and what to do."""
    from tunecase.pilot.trainers.encoder_torch import TorchEncoder

    folder = save_deberta(tmp_path)
    (folder / "config.json").write_text('{"model_type": "not-known-to-anyone"}')
    with pytest.raises(InputError, match="a model that transformers reads"):
        TorchEncoder(folder, 256)
