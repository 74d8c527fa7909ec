"""How many tokens the rows have: exact with a tokenizer file, else a range from their characters."""

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase.errors import InputError, Problem
from tunecase.records import Interval80, Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENGLISH = (3.3, 5.0)  # characters a token, 80% range: tokenizers of 32k to 150k entries on English prose
OTHER = (0.8, 5.0)  # scripts of two or three bytes a character may take more than one token each
BYTES_PER_ENGLISH_CHARACTER = 1.2


def find_tokenizer(model: str) -> Path | None:
    """The tokenizer.json of a model in the Hugging Face cache of this machine; nothing is downloaded."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    hub = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    found = sorted(hub.glob(f"models--{model.replace('/', '--')}/snapshots/*/tokenizer.json"))
    return found[-1] if found else None


@lru_cache(maxsize=2)
def read_tokenizer(path: Path) -> Any:
    """The tokenizer in a tokenizer.json.

    Raises: InputError when the file is missing or is not a tokenizer.
    """
    from tokenizers import Tokenizer

    if not path.is_file():
        raise InputError(Problem(str(path), "no such file", "a tokenizer.json", "correct the path or leave it out"))
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - the library raises plain Exception for a file it cannot read
        got = str(error).splitlines()[0]
        raise InputError(Problem(str(path), got, "a tokenizer.json", "take the one beside the model")) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def token_counts(texts: list[str], tokenizer: Path) -> list[int]:
    """Tokens of each text, without chat template or special tokens."""
    encodings = read_tokenizer(tokenizer).encode_batch(texts, add_special_tokens=False)
    return [len(encoding.ids) for encoding in encodings]


def characters_per_token(bytes_per_character: float) -> tuple[float, float]:
    """The 80% range of characters a token, wider where the text is not English-like."""
    return ENGLISH if bytes_per_character <= BYTES_PER_ENGLISH_CHARACTER else OTHER


def summary(
    characters: "NDArray[np.int64]", tokens: "NDArray[np.int64] | None", bytes_per_character: float, tokenizer: str
) -> Tokens:
    """Tokens of some rows: the sum and the 50%, 95% and largest row.

    Args:
        characters: input and output of each row, shape (rows,).
        tokens: counted tokens of each row, or None for a range from the characters.
        bytes_per_character: of the inputs, tells English-like text from other scripts.
        tokenizer: name of the file that counted.
    Leaves out the chat template and special tokens: commonly 5 to 40 tokens a row.
    """
    import numpy as np

    if tokens is not None:
        total = float(tokens.sum())
        p50, p95, most = _points(tokens.astype(np.float64))
        how = f"counted with {tokenizer}; input and output, without chat template and special tokens"
        return Tokens(True, Interval80(total, total, total), p50, p95, most, how)
    low, high = characters_per_token(bytes_per_character)
    middle = (low * high) ** 0.5
    total = float(characters.sum())
    p50, p95, most = _points(characters / middle)
    script = "English" if (low, high) == ENGLISH else "text that is not English alone"
    how = (
        f"a range, not exact: no tokenizer file at hand; {low:g} to {high:g} characters a token for {script}, "
        "without chat template"
    )
    return Tokens(False, Interval80(total / high, total / middle, total / low), p50, p95, most, how)


def _points(values: "NDArray[np.float64]") -> tuple[float, float, float]:
    import numpy as np

    if not len(values):
        return 0.0, 0.0, 0.0
    p50, p95, most = (float(point) for point in np.quantile(values, (0.5, 0.95, 1.0)))
    return p50, p95, most
