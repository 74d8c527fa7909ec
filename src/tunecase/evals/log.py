"""One shape for every evaluation log: what each item scored, and what tool, model, task and metric that was of."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

LEAST_MATCHED = 0.95  # of a log's items, which must be rows of a test file to be called its rows
DIGEST_BYTES = 8
CORPUS = frozenset(
    "bleu sacrebleu chrf chrf++ chrf_plus ter mcc matthews_corrcoef matthews_correlation perplexity word_perplexity "
    "byte_perplexity bits_per_byte corpus_bleu corpus_chrf corpus_f1 pearson spearman pearsonr spearmanr".split()
)
# Shares of right answers, by the names that tools give them: the tool's own score is the mean of its items.
RIGHT = frozenset(
    "accuracy acc acc_norm exact_match em exact match includes choice answer pattern correct quasi_exact_match "
    "tool_calls pass@1 pass_at_1".split()
)
LOWER = frozenset(
    "loss nll wer cer ter perplexity word_perplexity byte_perplexity bits_per_byte mae mse rmse brier brier_score "
    "error error_rate".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says of a log; empty where the log should tell.

    `metric`, `filter` (of lm-evaluation-harness), `task` and `run` (of a store of runs) each choose one of several.
    `by_column` says that the metric is named as a column, METRIC,FILTER: so messages ask for it.
    """

    metric: str = ""
    filter: str = ""
    task: str = ""
    run: str = ""
    by_column: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """What one tool wrote of one model on one task under one metric, whatever its format.

    Args:
        place: the file, as it is named in messages.
        tool: the name of the format.
        scores: of each item, by what it is paired by in another log, the scores of its epochs; an item without any is
            left out. Empty where the metric is one of the whole corpus.
        texts: digests of the texts of each item (see `digest`), by which rows of a test file are known.
        unscored: answers without a score, which count as neither right nor wrong.
        errors: answers that an error ended.
        repeated: lines that repeat an item, the last of which counts.
        paired_by: what names an item, in words.
        direction: which way the metric is better, as the tool says or else as its name is known.
        aggregate: the score as the tool itself tells it.
        aggregate_items: how many items it counts; 0 where it does not say.
        per_item: False for a metric of the whole corpus, such as BLEU, of which an item has no score of its own.
        facts: what the run was given, as text.
        notes: what else a reader should know.
    """

    place: str
    tool: str
    version: str
    model: str
    task: str
    date: str
    metric: str
    filter: str
    scores: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    texts: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    unscored: int = 0
    errors: int = 0
    repeated: int = 0
    paired_by: str = "id"
    direction: Literal["higher", "lower"] = "higher"
    aggregate: float | None = None
    aggregate_items: int = 0
    per_item: bool = True
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def means(self) -> dict[str, float]:
        """The score of each item, its epochs averaged."""
        return {key: sum(each) / len(each) for key, each in self.scores.items()}

    @property
    def items(self) -> int:
        """Items with a score; of a corpus metric those that the tool counts."""
        return len(self.scores) if self.per_item else self.aggregate_items

    @property
    def score(self) -> float | None:
        """The mean over items, each epoch of an item counted alike; of a corpus metric as the tool tells it."""
        if not self.per_item or not self.scores:
            return self.aggregate
        means = self.means
        return sum(means.values()) / len(means)

    @property
    def is_share(self) -> bool:
        """Whether every score lies between 0 and 1; not said of a metric of the whole corpus, whose unit is unknown."""
        return self.per_item and all(0 <= one <= 1 for each in self.scores.values() for one in each)


def digest(text: str) -> bytes:
    """What tells a text from others, whatever the white space in it.

    Example:
        >>> digest("is 2  even?\\n") == digest("is 2 even?")
        True
    """
    return hashlib.blake2b(" ".join(text.split()).encode("utf-8", "replace"), digest_size=DIGEST_BYTES).digest()


def share_among(log: Log, texts: Iterable[str]) -> float:
    """The share of a log's items one of whose texts is among these; 0 without any text."""
    known = {digest(text) for text in texts}
    if not known or not log.texts:
        return 0.0
    return sum(not known.isdisjoint(own) for own in log.texts.values()) / len(log.texts)


def direction_of(metric: str, higher_is_better: object = None) -> Literal["higher", "lower"]:
    """Which way a metric is better: as its tool says, where it does, else by its name.

    Example:
        >>> direction_of("wer"), direction_of("acc"), direction_of("own", False)
        ('lower', 'higher', 'lower')
    """
    if isinstance(higher_is_better, bool):
        return "higher" if higher_is_better else "lower"
    return "lower" if metric.casefold() in LOWER else "higher"


def is_of_corpus(metric: str) -> bool:
    """Whether a metric is known as one of the whole corpus: no item has an honest score of its own.

    Example:
        >>> is_of_corpus("bleu"), is_of_corpus("exact_match")
        (True, False)
    """
    return metric.casefold() in CORPUS
