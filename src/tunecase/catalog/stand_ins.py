"""What a stand-in's error says of the model to be tuned, learnt from pairs of models on one task at the same rows."""

from dataclasses import dataclass

from tunecase.catalog.reading import table

# Assumed, where no pairs tell.
N_GRAMS, ENCODER, SMALLER_MODEL = "stand_in.factor", "stand_in.encoder_factor", "stand_in.smaller_model_factor"
NEAREST = "stand_in.nearest_factor"
GPTCHEM = 6, 6  # fine-tunes of GPT-3 ada against n-gram models, the source of stand_in.factor in defaults.csv


@dataclass(frozen=True, slots=True)
class StandIn:
    """The factor from a stand-in's error to that of the model to be tuned, for one pair of kinds.

    It holds where the model to be tuned has more than `size_above` and up to `size_up_to` times the parameters of the
    stand-in, and at most `most_params`; nothing larger was measured. `value` is text that units.py reads. `held` is the
    share of pairs, each publisher (or task) left out in turn, that an 80% band held.
    """

    field: str
    kind_from: str
    kind_to: str
    scale: str
    size_above: float
    size_up_to: float
    most_params: float
    value: str
    pairs: int
    tasks: int
    publishers: int
    held: float
    source: str
    date: str

    @property
    def evidence(self) -> str:
        """On how many pairs it rests, in words."""
        tasks = f"{self.tasks} tasks of {self.publishers} publishers"
        return f"{self.source}: {self.pairs} pairs, {tasks}; with one left out an 80% band held {self.held:.0%}"


def stand_ins() -> tuple[StandIn, ...]:
    """Every factor that was learnt from pairs."""
    return table("stand_in", StandIn)


def stand_in_field(kind: str, scale: str, params: float | None = None, stand_in_params: float | None = None) -> str:
    """The name of the factor from a stand-in of a kind to a causal model; an assumption where no pairs tell.

    Args:
        kind: of the stand-in: n-grams, search (the answers of the nearest rows), encoder or causal.
        scale: share, for errors that are 1 - score; loss for what has no upper bound.
        params, stand_in_params: of the model to be tuned and of its stand-in; None where unknown.
    Example:
        >>> stand_in_field("n-grams", "share", 135e6), stand_in_field("n-grams", "share", 8e9)
        ('stand_in.n_grams_to_small', 'stand_in.factor')
    """
    ratio = params / stand_in_params if params and stand_in_params else 0.0
    for row in stand_ins():
        measured = params is not None and params <= row.most_params
        sized = scale == "share" or row.size_above < ratio <= row.size_up_to
        if (row.kind_from, row.scale) == (kind, scale) and measured and sized:
            return row.field
    return {"n-grams": N_GRAMS, "search": NEAREST, "encoder": ENCODER}.get(kind, SMALLER_MODEL)


def reference_class(field: str) -> tuple[int, int] | None:
    """The published cases behind a factor, as (pairs, tasks); None of one that is only assumed.

    Example:
        >>> reference_class("stand_in.encoder_factor"), reference_class("stand_in.nearest_factor")
        ((10, 5), None)
    """
    if field == N_GRAMS:
        return GPTCHEM
    measured = "stand_in.encoder_to_small" if field == ENCODER else field
    return next(((row.pairs, row.tasks) for row in stand_ins() if row.field == measured), None)
