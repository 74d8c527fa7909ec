"""Licence and origin of the rows: what was stated and found beside them, and what has to be asked; never guessed."""

import re

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors import licences

# Makers whose terms of use speak of training on their models' outputs; which ones bind is a question of law.
MAKERS = re.compile(
    r"(?i)gpt|davinci|openai|chatgpt|claude|anthropic|gemini|bard\b|palm|llama|grok|command-r|synthetic|llm"
)


def licence(evidence: Evidence) -> Defect | NotChecked | None:
    """What is in the way of use: no licence, a non-commercial or conditional one, conflicts, a model's outputs.

    Nothing is decided: the finding lists questions for whoever answers for the data.
    """
    asked = evidence.asked
    stated = licences.known_name(asked.licence) if asked.licence else None
    names = tuple(dict.fromkeys(name for name in (stated, *asked.found_licences) if name))
    told = asked.origin or asked.found_models or asked.found_sources
    if not names and not told:
        return NotChecked("licence and origin: neither stated (data.licence, data.origin) nor found beside the rows")
    questions = []
    if not names:
        questions.append("under which licence the rows may be used is neither stated nor found beside them")
    for name in names:
        use = licences.use_of(name)
        whose = "stated" if name == stated else "found beside the data"
        if use == "no":
            questions.append(f"{name} ({whose}) does not allow commercial use: is yours?")
        elif use == "terms":
            questions.append(f"{name} ({whose}) allows use on terms: who has read them?")
        elif use == "unknown":
            questions.append(f"{name!r} ({whose}) is not a licence known here: what does it allow?")
    if stated and asked.found_licences and stated not in asked.found_licences:
        questions.append(f"stated is {stated}, found is {', '.join(asked.found_licences)}: which holds?")
    stopped = any(licences.use_of(name) == "no" for name in names) or bool(
        stated and asked.found_licences and stated not in asked.found_licences
    )
    models = [name for name in (asked.origin or "", *asked.found_models) if MAKERS.search(name)]
    if models:
        questions.append(f"the answers seem to be a model's ({', '.join(models[:3])}): do its terms allow training?")

    if not told and not questions:
        return NotChecked(f"origin of the rows: not stated (data.origin); the licence found is {', '.join(names)}")
    if not told:
        questions.append("where the rows come from is not stated")
    if not questions:
        return None
    return Defect(
        check="licence",
        severity="warn" if stopped or models else "note",
        why="; ".join(questions),
        fix="ask whoever gave the rows, and state data.licence and data.origin; a lawyer's hour is not priced",
        count=len(questions),
        share=1.0,
        unpriced=True,
    )
