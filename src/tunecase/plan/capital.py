"""Hardware that is bought for the project or before it: its price beside the part that the bill holds."""

from dataclasses import replace

from tunecase.plan.costs import gpu_hours
from tunecase.plan.drawn import Drawn
from tunecase.prices import OWNED_TIER, purchase
from tunecase.quantities import band
from tunecase.records import Capital


def capital_of(drawn: Drawn) -> Capital | None:
    """The purchase of owned hardware that trains; None where nothing owned does.

        charged = GPU hours of all runs x price / (life x utilisation x GPUs)

    The purchase is outside the total, which holds what the hours use up of it. Leaves out when it was or will be paid,
    and what the hardware can be sold for.
    """
    work, basis = drawn.work, drawn.work.basis
    owns = work.project.compute.owned
    if owns is None or work.machine is None or work.machine.hour.tier != OWNED_TIER:
        return None
    bought, hours = purchase(owns, basis), gpu_hours(replace(work, walk=drawn.walk))
    charged = None if hours is None else float((hours * bought.hour).mean())
    return Capital(f"{owns.gpus} x {work.machine.gpu}", band(bought.price), float(bought.price.mean()), charged)
