"""Steps in plain words: what each option does, what a test decides in a line, and the command to run next."""

from tunecase.accounts.approvals import approve_command, round_command, round_lever
from tunecase.accounts.material import Material
from tunecase.accounts.verdict import advised_plan, is_stand_in, owes, verdict
from tunecase.accounts.words import plain_words, tuned_model
from tunecase.blocks import Gates
from tunecase.quantities import plain_share
from tunecase.records import Option


def step_words(option: Option, material: Material) -> str:
    """What an option does, short enough for a row."""
    if option.lever == "stop":
        return "stop"
    if option.lever == "fine_tune" and not option.way:
        return "train the larger model" if is_stand_in(material) else f"train {tuned_model(material) or 'the model'}"
    return plain_words(option.action)


def gate_words(made: Gates | None, *, shares: bool = True) -> str:
    """What the first test decides, the branches on one line, with `shares` how often each; empty without gates."""
    if made is None:
        return ""
    told = (f"{one.name.lower()} {one.rule}" + f" ({plain_share(one.share)})" * shares for one in made.branches)
    return ", ".join(told)


def next_command(material: Material) -> str:
    """The command that the answer asks for; empty where a person has to write something first."""
    kind, decision = verdict(material).kind, material.decision
    if kind == "not yet":
        return _before_any_answer(material)
    if kind == "measure":
        if owes(material):
            return f"tunecase next --rows N --score S --changed {round_lever(decision)}"
        return "tunecase pilot" if decision is None or decision.look is None else decision.look.command
    if kind == "no":
        return "tunecase decide --what-if"
    plan = advised_plan(material)
    if plan is None:
        return "tunecase inference"
    if command := round_command(material.approvals, material):
        return command
    model = tuned_model(material)
    if plan.lever == "fine_tune" and model and decision is not None and not decision.way:
        # Without a model fit prices the run of the bill; what a provider trains runs on no card of ours.
        hosted = material.project is not None and material.project.compute.hosted is not None
        return "tunecase estimate --full" if hosted else "tunecase fit"
    asked = material.approvals
    if asked is None:
        return f'tunecase approve "{plan.release.p80.shown:.12g} {plan.currency}" --by NAME'
    return approve_command(asked) if asked.is_asked else "tunecase books"


def _before_any_answer(material: Material) -> str:
    """What makes the record that is missing, or shows what has to be settled."""
    if material.audit is not None and not material.audit.ok:
        return "tunecase audit --full"
    if material.definition is not None and not material.definition.ok:
        return "tunecase define --full"
    return "tunecase run" if material.decision is None else "tunecase define"
