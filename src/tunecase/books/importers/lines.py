"""What a bill's row pays for: a line of the plan, and the GPUs of the machine that it names."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from tunecase import catalog
from tunecase.compute.measured import card_of

# 'Hours', '1 Hour', '100 Hours' and 'Instance-Hours' are hours; 'vCPU-Hours' and 'GB Hours' are not of the machine.
TIME_UNIT = re.compile(r"(?:(\d+)\s*)?(?:instance[- ]|gpu[- ])?(hour|hr|h|minute|min|second|sec|s)s?", re.IGNORECASE)
IN_HOUR = {"h": 1, "m": 60, "s": 3_600}
WORD = re.compile(r"[^\s,;:|()/\"'{}\[\]]+")
BARE_CARDS = re.compile(r"\b[AV]100\b", re.IGNORECASE)
MEMORY = re.compile(r"\d ?Gi?B", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Machine:
    """The cards of what a row pays for: their name, how many, and the instance type where that says so."""

    gpu: str = ""
    gpu_count: int = 0
    instance: str = ""


@cache
def _rules() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    rows = catalog.read_table("charges")
    return tuple((row["category"], row["field"], re.compile(row["pattern"], re.IGNORECASE)) for row in rows)


@cache
def line_of(provider: str, service_category: str, service: str, text: str) -> tuple[str, Machine]:
    """The line of the plan that a row belongs to, and its machine: the first row of charges.csv that fits.

    Args:
        provider, service_category, service: as the bill spells them.
        text: all that describes what was bought, parts joined by blanks.
    Returns: the line's name, and the Machine, empty for lines other than gpu.

    Example:
        >>> line_of("AWS", "Compute", "Amazon Elastic Compute Cloud", "$1.624 per On Demand Linux g5.4xlarge Instance")
        ('gpu', Machine(gpu='A10G', gpu_count=1, instance='g5.4xlarge'))
    """
    given: dict[str, Callable[[], str]] = {
        "service_category": lambda: service_category or "none",
        "service": lambda: service,
        "text": lambda: f"{service} {text}",
        "instance": lambda: _of_instance(provider, text).instance,
        "card": lambda: _of_card(text).gpu,
    }
    for category, field, pattern in _rules():
        if pattern.search(given[field]()):
            machine = _of_instance(provider, text)
            machine = machine if machine.gpu else _of_card(text)
            return category, machine if category == "gpu" else Machine()
    return "other", Machine()


@cache
def _of_instance(provider: str, text: str) -> Machine:
    """The machine whose type stands in a text, also behind `ml.` or with the blanks of Azure's names."""
    words = WORD.findall(text)
    pairs = [" ".join(words[at : at + size]) for size in (3, 2, 1) for at in range(len(words) - size + 1)]
    for word in pairs:
        for name in (word, word.removeprefix("ml."), word.removeprefix("ml.").rpartition("-")[0]):
            listed = catalog.instance(provider, name) if name else None
            if listed is not None:
                return Machine(listed.gpu, listed.gpu_count, listed.instance)
    return Machine()


@cache
def _of_card(text: str) -> Machine:
    """The card that is sold by itself; one whose memory the text leaves open is not guessed."""
    if not re.search(r"\bgpus?\b", text, re.IGNORECASE) or (BARE_CARDS.search(text) and not MEMORY.search(text)):
        return Machine()
    card = card_of(re.sub(r"\bgpus?\b.*", " ", text, flags=re.IGNORECASE)) or card_of(text)
    return Machine(card.name, 1) if card else Machine()


def hours_of(quantity: Decimal | None, unit: str) -> Decimal | None:
    """Hours from a quantity and its unit as bills write it; None for a unit that is no time of a machine.

    Example:
        >>> hours_of(Decimal(2), "100 Hours"), hours_of(Decimal(90), "Minutes"), hours_of(Decimal(1), "GB")
        (Decimal('200'), Decimal('1.5'), None)
    """
    match = TIME_UNIT.fullmatch(unit.strip())
    if quantity is None or match is None:
        return None
    times = Decimal(match[1] or 1)
    return quantity * times / IN_HOUR[match[2][0].casefold()]


def card_named(text: str) -> str:
    """The card that a text names; empty for none, and for an A100 or V100 of which the memory is not said.

    Example:
        >>> card_named("NVIDIA A100-SXM4-80GB"), card_named("2x L40S"), card_named("A100"), card_named("3")
        ('A100-80GB', 'L40S', '', '')
    """
    if not re.search(r"[A-Za-z]", text) or (BARE_CARDS.search(text) and not MEMORY.search(text)):
        return ""
    card = card_of(re.sub(r":\s*\d+\s*$", "", text))
    return card.name if card else ""
