"""Licence and origin of the rows: what was stated and found beside them, and what has to be asked; never guessed."""

import re

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors import licences

# Makers whose terms of use speak of training on their models' outputs; which ones bind is a question of law.
MAKERS = re.compile(
    r"(?i)gpt|davinci|openai|chatgpt|claude|anthropic|gemini|bard\b|palm|llama|grok|command-r|synthetic|llm"
)


# What a licence's use for business makes one ask.
USE_QUESTIONS = {
    "no": "{name} ({whose}) does not allow commercial use: is yours?",
    "terms": "{name} ({whose}) allows use on terms: who has read them?",
    "unknown": "{name!r} ({whose}) is not a licence known here: what does it allow?",
}


def licence(evidence: Evidence) -> Defect | NotChecked | None:
    """What is in the way of use: no licence, a non-commercial or conditional one, conflicts, a model's outputs.

    Nothing is decided: the finding lists questions for whoever answers for the data.
    """
    asked = evidence.asked
    stated = licences.known_name(asked.licence) if asked.licence else None
    names = tuple(dict.fromkeys(name for name in (stated, *asked.found_licences) if name))
    origin = asked.origin or asked.found_models or asked.found_sources
    if not names and not origin:
        return NotChecked("licence and origin: neither stated (data.licence, data.origin) nor found beside the rows")
    conflict = bool(stated and asked.found_licences and stated not in asked.found_licences)
    models = [name for name in (asked.origin or "", *asked.found_models) if MAKERS.search(name)]
    questions = _of_use(names, stated)
    if conflict:
        questions.append(f"stated is {stated}, found is {', '.join(asked.found_licences)}: which holds?")
    if models:
        questions.append(f"the answers seem to be a model's ({', '.join(models[:3])}): do its terms allow training?")
    if not origin and not questions:
        return NotChecked(f"origin of the rows: not stated (data.origin); the licence found is {', '.join(names)}")
    if not origin:
        questions.append("where the rows come from is not stated")
    if not questions:
        return None
    return Defect(
        check="licence",
        severity="warn" if conflict or models or "no" in map(licences.use_of, names) else "note",
        why="; ".join(questions),
        fix="ask whoever gave the rows, and state data.licence and data.origin; a lawyer's hour is not priced",
        count=len(questions),
        share=1.0,
        unpriced=True,
    )


def _of_use(names: tuple[str, ...], stated: str | None) -> list[str]:
    """What to ask about each licence that is not free for any use."""
    if not names:
        return ["under which licence the rows may be used is neither stated nor found beside them"]
    whose = {name: "stated" if name == stated else "found beside the data" for name in names}
    uses = [(name, licences.use_of(name)) for name in names]
    return [USE_QUESTIONS[use].format(name=name, whose=whose[name]) for name, use in uses if use in USE_QUESTIONS]
