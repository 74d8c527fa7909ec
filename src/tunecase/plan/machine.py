"""The machine that trains: the cards of the bill, or a provider's own."""

from typing import TYPE_CHECKING, Literal

from tunecase.compute import Machine, sequence_tokens
from tunecase.prices import Basis, GpuHour, billed_tokens, chosen

if TYPE_CHECKING:
    from tunecase.quantities import Draws

HOSTED: Literal["hosted"] = "hosted"


def hosted_machine(basis: Basis, tokens_per_row: "Draws | None") -> Machine | None:
    """The hosted model under compute.hosted as a machine whose hours are billed millions of tokens; None without one.

    Of a provider that pads the billed tokens need the length of a row; where it is not known, none are added, and the
    bill has no gpu line anyway.
    """
    import numpy as np

    offer = chosen(basis)
    if offer is None:
        return None
    longest = float(sequence_tokens(basis))
    each = np.full(basis.worlds.n, longest) if tokens_per_row is None else tokens_per_row
    billed: Draws = billed_tokens(offer.row, rows=1e6 / each, tokens_per_row=each, epochs=1.0, longest=longest)
    rate = basis.worlds.draw(offer.draw_name, offer.rate)
    hour = GpuHour(rate, HOSTED, (offer.provider,), (offer.date,), 0)
    how = "; ".join((f"its provider {offer.row.provider} trains it", *offer.notes))
    return Machine("", 0, billed / 1e6, hour, how, offer)
