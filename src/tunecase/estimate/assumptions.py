"""What a bill rests on and leaves out, in words."""

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.estimate.ways import not_to_be_had
from tunecase.plan import Drawn
from tunecase.plan.costs import Cost, Work, asks_for_retraining
from tunecase.prices import clock_words, drift_words, legal_note, low_pay, old_rates, past_hours_words, unknown_words
from tunecase.project import Project
from tunecase.quantities import share, teaches_like
from tunecase.records import Audit

CLOUD = ("gpu", "failed_runs", "idle", "storage", "egress")


def assumptions(bill: Drawn) -> tuple[str, ...]:
    """Every assumption of a bill, in the order in which they are printed."""
    work, basis = bill.work, bill.work.basis
    words = [*bill.assumptions, *_machine_words(bill)]
    if not bill.lines["inference"].included:
        words.append("answers and upkeep after launch are left out of the total (include_inference: true counts them)")
    words.append(_upkeep_words(bill))
    words += [
        "" if bill.way else not_to_be_had(basis),
        _calendar_words(work),
        _cloud_words(bill.lines),
        unknown_words(basis),
        past_hours_words(basis),
        clock_words(basis),
        legal_note(basis),
        *basis.contracts_notes,
        old_rates(basis),
        low_pay(basis),
        *_of_the_data(bill.facts.audit),
        *_of_the_plan(bill.facts.project),
    ]
    return tuple(word for word in words if word)


def _upkeep_words(bill: Drawn) -> str:
    """What is taken for granted of the time after launch."""
    stated, words = bill.work.project.after_launch, []
    if stated.monitoring is None:
        taken = bill.work.basis.used["after_launch.monitoring"].value
        words.append(f"monitoring of {taken} is assumed (after_launch.monitoring)")
    if not asks_for_retraining(stated):
        words.append("no retraining is counted (after_launch.retrain: every 6 months counts it)")
    return f"after launch {'; '.join(words)}" if words else ""


def _machine_words(bill: Drawn) -> list[str]:
    """What is trained, on which machine, and how old its prices are."""
    project, machine = bill.work.project, bill.choice.machine
    if machine is None:
        return []
    if machine.on_cores:
        return [bill.choice.why]
    trained = machine.offer.row.model if machine.offer else f"{base_model(bill.work.basis)} with {project.method}"
    words = [f"training {trained}, {project.training.epochs:g} epochs: {bill.choice.why}", machine.hour.note]
    if machine.hour.stale:
        words.append(
            f"{machine.hour.stale} of {len(machine.hour.providers)} prices of a {machine.gpu} hour are older than "
            f"{catalog.STALE_AFTER_DAYS} days and are drawn from {drift_words()} themselves, as old prices moved"
        )
    return words


def _calendar_words(work: Work) -> str:
    waiting = work.project.waiting_per_round
    length = waiting.text if waiting is not None else work.basis.used["waiting_per_round"].value
    return f"the calendar counts working hours, {length} of waiting for labels, GPUs and people, and unknowns"


def _cloud_words(bill: dict[str, Cost]) -> str:
    """What the cloud's bill holds besides runs, beside what is said of such bills."""
    cloud = {name: float(bill[name].amount.mean()) for name in CLOUD if bill[name].amount is not None}  # type: ignore[union-attr]
    whole = sum(cloud.values())
    if "gpu" not in cloud or not whole:
        return ""
    rest = share((whole - cloud["gpu"] - cloud["failed_runs"]) / whole)
    return (
        f"idle GPUs, storage and egress are {rest} of what the cloud bills; a survey of providers says 30 to 40% with "
        "its management (mercatus, 2026-05); start-up within a run is not counted"
    )


def _of_the_data(audit: Audit | None) -> tuple[str, ...]:
    """What the audit says that the bill leaves out: nothing is added for it, the curve was measured on these labels."""
    if audit is None:
        return ()
    words = [] if audit.ok else [f"the data are {audit.verdict}, and the bill takes them as mended: {audit.reason}"]
    if audit.effective is not None:
        low, mid, high = audit.effective.low, audit.effective.mid, audit.effective.high
        if told := teaches_like(audit.usable, low, mid, high):
            words.append(f"{told}; the bill counts rows")
    return tuple(words)


def _of_the_plan(project: Project) -> tuple[str, ...]:
    data = project.data
    if data.train is not None:
        return ()
    long = f" of {data.tokens_per_row.text} tokens" if data.tokens_per_row is not None else ""
    stated = [] if data.rows is None else [f"{data.rows.text} rows"]
    stated += [] if data.buy_first is None else [f"{data.buy_first.text} rows bought before the first round"]
    words = " and ".join(stated)
    return (f"no training file: {words}{long} are taken as the project file states them, all usable",)
