"""A tiny BERT of random weights with a word tokenizer, saved to a folder by safetensors alone, without torch."""

import json
from pathlib import Path
from typing import Any

WORDS = "[PAD] [UNK] [CLS] [SEP] red blue warm cold rose sea sky wine deep hot a the is as".split()
WIDTH, HEADS, LAYERS, WIDE, POSITIONS = 16, 2, 2, 32, 24


def tensors(seed: int = 0) -> dict[str, Any]:
    """All tensors of the encoder."""
    import numpy as np

    draw = np.random.default_rng(seed)

    def normal(*shape: int, spread: float = 0.1) -> Any:
        return (spread * draw.standard_normal(shape)).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": normal(len(WORDS), WIDTH, spread=1.0),
        "embeddings.position_embeddings.weight": normal(POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": normal(2, WIDTH),
    }
    norms, linear = ["embeddings.LayerNorm"], []
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        linear += [(f"{name}attention.self.{part}", WIDTH, WIDTH) for part in ("query", "key", "value")]
        linear += [(f"{name}attention.output.dense", WIDTH, WIDTH), (f"{name}intermediate.dense", WIDE, WIDTH)]
        linear += [(f"{name}output.dense", WIDTH, WIDE)]
        norms += [f"{name}attention.output.LayerNorm", f"{name}output.LayerNorm"]
    for name, rows, columns in linear:
        found |= {f"{name}.weight": normal(rows, columns), f"{name}.bias": normal(rows)}
    for name in norms:
        found |= {f"{name}.weight": 1 + normal(WIDTH), f"{name}.bias": normal(WIDTH)}
    return found


def save(folder: Path, *, seed: int = 0, **config: Any) -> Path:
    """Writes config, safetensors and tokenizer; `config` overrides what config.json says."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_config(folder, **config)
    save_file(tensors(seed), folder / "model.safetensors")
    save_tokenizer(folder)
    return folder


def save_config(folder: Path, **config: Any) -> None:
    """Writes config.json."""
    whole = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_size": WIDTH, "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS, "intermediate_size": WIDE, "max_position_embeddings": POSITIONS,
        "vocab_size": len(WORDS), "type_vocab_size": 2, "pad_token_id": 0, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12, **config,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(whole))


def save_tokenizer(folder: Path) -> None:
    """Writes tokenizer.json: words, with the first and last token that BERT wants."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
