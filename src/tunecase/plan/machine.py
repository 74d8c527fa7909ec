"""The machine that trains: the cards of the bill, a provider's own, or plain cores."""

from typing import Literal

from tunecase.compute import Machine, sequence_tokens, texts_of_row
from tunecase.prices import Basis, GpuHour, billed_tokens, chosen, core_hour
from tunecase.quantities import Draws, figures, np

HOSTED: Literal["hosted"] = "hosted"
CORES = "plain cores"


def hosted_machine(basis: Basis, tokens_per_row: "Draws | None") -> Machine | None:
    """The hosted model under compute.hosted as a machine whose hours are billed millions of tokens; None without one.

    Of a provider that pads the billed tokens need the length of a row; where it is not known, none are added, and the
    bill has no gpu line anyway.
    """
    offer = chosen(basis)
    if offer is None:
        return None
    longest = float(texts_of_row(basis) * sequence_tokens(basis))
    each = np.full(basis.worlds.n, longest) if tokens_per_row is None else tokens_per_row
    billed: Draws = billed_tokens(offer.row, rows=1e6 / each, tokens_per_row=each, epochs=1.0, longest=longest)
    rate = basis.worlds.draw(offer.draw_name, offer.rate)
    hour = GpuHour(rate, HOSTED, (offer.provider,), (offer.date,), 0)
    how = "; ".join((f"its provider {offer.row.provider} trains it", *offer.notes))
    return Machine("", 0, billed / 1e6, hour, how, offer)


def core_machine(basis: Basis, words: str, seconds_per_row: float) -> Machine:
    """Plain cores that train as the pilot's runs did: seconds of one core for each row, at the price of its hour.

    A million rows take the place of a million tokens. Leaves out that a run may need more memory than a core has.
    """
    hours = np.full(basis.worlds.n, 1e6 * seconds_per_row / 3600)
    each = f"{figures(seconds_per_row)} s a row of {words} on plain cores, measured by the pilot"
    how = each if seconds_per_row else f"nothing is trained for {words}"
    return Machine("", 0, hours, GpuHour(core_hour(basis), CORES, (), (), 0), how, on_cores=True)
