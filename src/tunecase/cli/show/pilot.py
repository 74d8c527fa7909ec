"""A pilot in words: what is planned, which run is under way, and what a run showed."""

from typing import Any

from tunecase.quantities import count, counted, duration, figures, one_line, score


def pilot_words(state: Any) -> str:
    """Which run is under way, of what, and the money so far."""
    under_way = min(state.done + 1, state.total)
    what = f"Pilot of {one_line(state.candidate, 40)}" if state.candidate else "Pilot"
    now = f", {state.now}" if state.now else ""
    spent = f"   {figures(state.usd)} USD" if state.usd else ""
    return f"{what}  run {under_way} of {state.total}{now}{spent}"


def run_words(state: Any) -> str:
    """What the last run showed, and what is spent and left."""
    run = state.last
    what = one_line(run.failed, 60) if run.failed else score(run.score)
    if not run.failed and not run.converged:
        what += ", not converged"
    size = f"{count(run.n)} examples" if run.n else "untrained"
    size = f"{state.candidate}, {size}" if state.candidate else size
    return f"run {state.done} of {state.total}: {size}, {what} ({_spent_words(state)})"


def _spent_words(state: Any) -> str:
    spent, left = f"{duration(state.spent_s)} spent", f"about {duration(state.left_s)} left"
    if state.usd:
        spent += f" and {figures(state.usd)} USD"
    if state.left_usd:
        left += f" and {figures(state.left_usd)} USD"
    return f"{spent}, {left}"


def plan_words(plan: Any) -> str:
    """What a pilot is going to do, how long it takes and what it costs."""
    from tunecase.accounts import disclosed_words

    sizes = ", ".join(count(n) for n in plan.sizes)
    what = ", ".join(plan.candidates) or plan.model
    words = [f"Pilot of {what}: {counted(plan.runs, 'run')} at {sizes} examples"]
    words = words if plan.runs else [f"Pilot of {what}: no run is left to make"]
    if plan.reused:
        words.append(f"{counted(plan.reused, 'run')} taken from the ledger")
    if plan.tries:
        words.append(f"a search over {counted(plan.tries, 'setting')}")
    if plan.minutes is None and plan.runs:
        words.append("how long a run takes shows with the first")
    elif plan.minutes is not None:
        words.append(f"{figures(plan.minutes[0])} to {figures(plan.minutes[2])} minutes")
        if plan.usd is None:
            words.append("price unknown (--usd-per-hour tells it)")
        else:
            words.append("free on this machine" if plan.usd[2] == 0 else f"{figures(plan.usd[1])} USD")
    for name, tokens, usd, leaving in plan.hosted:
        price = "price unknown" if usd is None else f"at most {figures(usd)} USD"
        words.append(f"asks {name} {counted(plan.test_rows, 'row')}, about {figures(tokens)} tokens, {price}")
        words += [private] if (private := disclosed_words(leaving)) else []
    if plan.not_asked:
        each = "it" if len(plan.not_asked) == 1 else "each"
        why = f"{each} may bill more than the cap leaves (--max-usd), or its prices are not known"
        words.append(f"does not ask {', '.join(plan.not_asked)}: {why}")
    return "; ".join(words) + "."
