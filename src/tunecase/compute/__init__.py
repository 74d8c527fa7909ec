"""What does one training run need? Memory, time and price, on which card, and how sure that is."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.compute.cheapest import (
        Choice,
        Machine,
        base_model,
        cards_listed,
        choose,
        idle_over_used,
        lost_to_spot,
        machine_on,
        owns_enough,
        paid_besides,
        rollout_tokens,
        run_fields,
        sampling,
        saved_gb,
        sequence_tokens,
        some_of,
        texts_of_row,
        weights_gb,
    )
    from tunecase.compute.fit import fit
    from tunecase.compute.pilot_runs import pilot_runs
    from tunecase.compute.probe import as_own_trainer, probed
    from tunecase.compute.recipe import Recipe, machines_of
    from tunecase.compute.request import AMOUNTS, Request, amounts_of, number_of, settled
    from tunecase.compute.rollout import Batch, Rollout, Sampled
    from tunecase.compute.sample_lengths import read_lengths
    from tunecase.compute.search import search
    from tunecase.compute.spellings import cards_of, counts_of, no_model, words_of

loads_late(__name__)
