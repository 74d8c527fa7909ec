"""How many tokens the rows have: exact with a tokenizer file, else a range from their characters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.data.reading.hub import cache_folder
from tunecase.data.tally import Tally
from tunecase.data.tokens.estimation import Estimate, estimate
from tunecase.quantities import Array, Interval80, Rows
from tunecase.records import Tokens

if TYPE_CHECKING:
    Pieces = Callable[[], Iterable[Mapping[str, Array]]]

ENGLISH = (3.3, 5.0)  # characters per token, 80% range: tokenizers of 32k to 150k entries on English prose
OTHER = (0.8, 5.0)  # scripts of two or three bytes a character may take more than one token each
BYTES_PER_ENGLISH_CHARACTER = 1.2
NO_FILE = "no tokenizer file at hand"
EDGES = (0, *(round(2 ** (half / 2)) for half in range(4, 41)))


def find_tokenizer(model: str) -> Path | None:
    """The tokenizer.json of a model in the Hugging Face cache of this machine; nothing is downloaded."""
    tokenizers = cache_folder().glob(f"models--{model.replace('/', '--')}/snapshots/*/tokenizer.json")
    return max(tokenizers, default=None)


def characters_per_token(bytes_per_character: float) -> tuple[float, float]:
    """The 80% range of characters per token, wider where the text is not English-like."""
    return ENGLISH if bytes_per_character <= BYTES_PER_ENGLISH_CHARACTER else OTHER


@dataclass(frozen=True, slots=True)
class Counting:
    """How the tokens of a file were counted.

    Args:
        how: in words.
        template_tokens: what the chat template adds to a row [tokens].
        limit_tokens: the longest row that training takes [tokens].
        answers: whether rows have answers, on which alone a model is trained.
    """

    how: str
    template_tokens: int | None = None
    limit_tokens: int | None = None
    answers: bool = False


@dataclass(slots=True)
class _Sums:
    """What is summed over the rows: counted tokens, those of last answers and those that are learnt; rows lost."""

    counted: int = 0
    answers: int = 0
    tokens: int = 0
    useful: int = 0
    lost: int = 0


def summary(
    pieces: "Pieces", bytes_per_character: float, counting: Counting | None = None, uncounted: str = NO_FILE
) -> Tokens:
    """Tokens of some rows: their sum, median, 95% point and largest, what training uses and what the limit cuts off.

    Args:
        pieces: gives the rows anew, piece by piece, as columns of Split: `input_characters`, `output_characters`, and
            where tokens were counted `tokens` (zero where not), `output_tokens` and `useful_tokens`.
        bytes_per_character: of the inputs; tells English-like text from other scripts.
        counting: how tokens were counted; None for a range from the characters.
        uncounted: why they were not counted.
    The sum and the quantiles are exact. Where rows were sampled, the ends of the range are so to a relative 1e-12.
    """
    characters = Tally(_characters(columns) for columns in pieces())
    total = None if counting is None else estimate(lambda: ((_characters(c), c["tokens"]) for c in pieces()))
    if counting is None or total is None or (characters.sum and not total.middle):
        return _from_characters(characters, bytes_per_character, uncounted)
    tokens, sums = _summed(pieces, total, counting)
    exact = total.high == total.low
    sampled = f"{counting.how}; {total.sampled:,} of {tokens.total:,} rows counted, the others estimated by length"
    record = Tokens(
        exact,
        Interval80(total.low, total.middle, total.high),
        *_points(tokens),
        counting.how if exact else sampled,
        template_tokens=counting.template_tokens,
        histogram=tokens.bins(EDGES),
    )
    if counting.answers:
        learnt = float(sums.useful) / max(float(sums.tokens), 1.0)
        record = replace(record, useful_share=learnt, answer_share=float(sums.answers / max(sums.counted, 1)))
    limit = counting.limit_tokens
    if limit is None:
        return record
    return replace(
        record,
        limit_tokens=limit,
        over_rows=tokens.count_where(lambda values: values > limit),
        lost_answers=sums.lost if counting.answers else None,
        cut_tokens=float(tokens.sum_beyond(limit)),
    )


def _summed(pieces: "Pieces", total: Estimate, counting: Counting) -> tuple[Tally, _Sums]:
    """The tokens of all rows, and the sums."""
    tally, sums, limit = Tally(), _Sums(), counting.limit_tokens
    for columns in pieces():
        tokens, answers = columns["tokens"], columns["output_tokens"]
        told = total.rows(_characters(columns), tokens)
        tally.add(told)
        known = tokens > 0
        sums.counted, sums.answers = sums.counted + int(tokens[known].sum()), sums.answers + int(answers[known].sum())
        sums.tokens, sums.useful = sums.tokens + int(tokens.sum()), sums.useful + int(columns["useful_tokens"].sum())
        if limit is not None:
            sums.lost += int(((told > limit) & known & (tokens - answers >= limit)).sum())
    return tally, sums


def _characters(columns: "Mapping[str, Array]") -> "Rows":
    return columns["input_characters"] + columns["output_characters"]


def _from_characters(characters: Tally, bytes_per_character: float, uncounted: str) -> Tokens:
    low, high = characters_per_token(bytes_per_character)
    middle = (low * high) ** 0.5
    total = float(characters.sum)
    p50, p95, most = _points(characters, middle)
    script = "English" if (low, high) == ENGLISH else "text that is not English alone"
    how = (
        f"a range, not exact: {uncounted}; {low:g} to {high:g} characters per token for {script}, without chat template"
    )
    return Tokens(False, Interval80(total / high, total / middle, total / low), p50, p95, most, how)


def _points(lengths: Tally, unit: float = 1.0) -> tuple[float, float, float]:
    p50, p95, most = lengths.quantiles([0.5, 0.95, 1.0], lambda values: values / unit).tolist()
    return p50, p95, most
