"""How many tokens the rows have: exact with a tokenizer file, else a range from their characters."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.data.reading.hub import cache_folder
from tunecase.data.tokens.counting import estimated
from tunecase.quantities import Interval80
from tunecase.records import Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENGLISH = (3.3, 5.0)  # characters per token, 80% range: tokenizers of 32k to 150k entries on English prose
OTHER = (0.8, 5.0)  # scripts of two or three bytes a character may take more than one token each
BYTES_PER_ENGLISH_CHARACTER = 1.2
EDGES = (0, *(round(2 ** (half / 2)) for half in range(4, 41)))


def find_tokenizer(model: str) -> Path | None:
    """The tokenizer.json of a model in the Hugging Face cache of this machine; nothing is downloaded."""
    tokenizers = cache_folder().glob(f"models--{model.replace('/', '--')}/snapshots/*/tokenizer.json")
    return max(tokenizers, default=None)


def characters_per_token(bytes_per_character: float) -> tuple[float, float]:
    """The 80% range of characters per token, wider where the text is not English-like."""
    return ENGLISH if bytes_per_character <= BYTES_PER_ENGLISH_CHARACTER else OTHER


def summary(
    characters: "NDArray[np.int64]",
    tokens: "NDArray[np.int64] | None",
    bytes_per_character: float,
    how: str,
    answers: "NDArray[np.int64] | None" = None,
    limit_tokens: int | None = None,
    template_tokens: int | None = None,
) -> Tokens:
    """Tokens of some rows: their sum, median, 95% point and largest, what training uses and what the limit cuts off.

    Args:
        characters: how many each row has, input and output together, shape (rows,).
        tokens: counted tokens of each row, shape (rows,), zero where not counted; None for a range from the characters.
        bytes_per_character: of the inputs; tells English-like text from other scripts.
        how: how tokens were counted, in words.
        answers: counted tokens of each row's answer, on which alone a model is trained, shape (rows,).
        limit_tokens: the longest row that training takes [tokens].
        template_tokens: what the chat template adds to a row [tokens].
    """
    import numpy as np

    if tokens is None or (characters.any() and not tokens.any()):
        return _from_characters(characters, bytes_per_character)
    total = estimated(characters, tokens)
    exact = total.high == total.low
    record = Tokens(
        exact,
        Interval80(total.low, total.middle, total.high),
        *_points(total.rows.astype(np.float64)),
        how if exact else f"{how}; {total.sampled:,} of {len(tokens):,} rows counted, the others estimated by length",
        template_tokens=template_tokens,
        histogram=_histogram(total.rows),
    )
    counted = tokens > 0
    if answers is not None:
        record = replace(record, useful_share=float(answers[counted].sum() / max(tokens[counted].sum(), 1)))
    if limit_tokens is None:
        return record
    over = total.rows > limit_tokens
    lost = over & counted & (tokens - answers >= limit_tokens) if answers is not None else None
    return replace(
        record,
        limit_tokens=limit_tokens,
        over_rows=int(over.sum()),
        lost_answers=int(lost.sum()) if lost is not None else None,
        cut_tokens=float(np.maximum(total.rows - limit_tokens, 0).sum()),
    )


def _from_characters(characters: "NDArray[np.int64]", bytes_per_character: float) -> Tokens:
    low, high = characters_per_token(bytes_per_character)
    middle = (low * high) ** 0.5
    total = float(characters.sum())
    p50, p95, most = _points(characters / middle)
    script = "English" if (low, high) == ENGLISH else "text that is not English alone"
    how = (
        f"a range, not exact: no tokenizer file at hand; {low:g} to {high:g} characters per token for {script}, "
        "without chat template"
    )
    return Tokens(False, Interval80(total / high, total / middle, total / low), p50, p95, most, how)


def _histogram(tokens: "NDArray[np.int64]") -> tuple[tuple[int, int], ...]:
    import numpy as np

    places = np.searchsorted(np.array(EDGES), tokens, side="right") - 1
    counts = np.bincount(places, minlength=len(EDGES)).tolist()
    seen = [index for index, count in enumerate(counts) if count]
    return tuple((EDGES[index], counts[index]) for index in range(seen[0], seen[-1] + 1)) if seen else ()


def _points(values: "NDArray[np.float64]") -> tuple[float, float, float]:
    import numpy as np

    if not len(values):
        return 0.0, 0.0, 0.0
    p50, p95, most = (float(point) for point in np.quantile(values, (0.5, 0.95, 1.0)))
    return p50, p95, most
