"""A tiny language model with random weights and a tokenizer of bytes, saved as a folder that a user could name."""

from pathlib import Path
from typing import Any

ALPHABET = 256


def tiny_net(kind: str = "Llama", **more: Any) -> Any:
    """A network with random weights of one of transformers' kinds."""
    import torch
    import transformers

    torch.manual_seed(0)
    torch.set_num_threads(1)
    sizes = {"vocab_size": ALPHABET + 2, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3}
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 4096, "head_dim": 16}
    special = {"pad_token_id": ALPHABET, "bos_token_id": ALPHABET + 1, "eos_token_id": ALPHABET}
    config = getattr(transformers, f"{kind}Config")(**sizes, **special, **more)
    net = getattr(transformers, f"{kind}ForCausalLM")(config).eval()
    for name, part in net.named_parameters():  # fresh weights are so small that every answer is alike
        if part.ndim > 1 and "embed" not in name:
            torch.nn.init.normal_(part, std=0.15)
    return net


def tiny_tokenizer() -> Any:
    """One token per byte, an end of text, and a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {letter: number for number, letter in enumerate(letters)} | {"<end>": ALPHABET, "<start>": ALPHABET + 1}
    bare = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=bare, eos_token="<end>", bos_token="<start>", pad_token="<end>")
    made.chat_template = (
        "{% for m in messages %}<start>{{ m['role'] }}: {{ m['content'] }}<end>{% endfor %}"
        "{% if add_generation_prompt %}<start>assistant: {% endif %}"
    )
    return made


def tiny_folder(folder: Path) -> str:
    """The folder's name, with a tiny Llama and its tokenizer saved in it."""
    tiny_net().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return str(folder)
