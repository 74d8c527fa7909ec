"""Levers that end the project, or ask for less: ship, redefine the target, stop."""

from tunecase.levers.state import Offer, State
from tunecase.wording import count, score


def ship(state: State) -> Offer:
    """Ship what the pilot trained, when its lower bound meets the target."""
    action = "ship what the pilot trained"
    if state.forecast.verdict != "reached":
        return Offer("ship", action, blocked="the measured score does not meet the target")
    return Offer("ship", action, "ship", "measured")


def redefine(state: State) -> Offer:
    """Ask for less: the hardest target that four worlds in five reach with the sizes that can be paid."""
    import numpy as np

    reachable = float(np.quantile(state.paths.min(axis=1), 0.8))
    if reachable <= state.error_target:
        blocked = f"four worlds in five reach it by {count(state.sizes[-1])} examples, at whatever cost"
        return Offer("redefine", "redefine the target", blocked=blocked)
    easier = state.score(reachable)
    blocked = f"only you can say what {score(easier)} is worth; with 80% chance it can be reached"
    return Offer("redefine", f"settle for {score(easier)}", blocked=blocked, p_reach=0.8)


def stop(state: State) -> Offer:
    """Spend nothing more."""
    return Offer("stop", "stop here", "nothing", "measured")
