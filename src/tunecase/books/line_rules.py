"""Rules that put charges which landed in `other` on a line of the plan; read at every sum, so they can be undone."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from tunecase.books.charges import DIGITS
from tunecase.errors import Problem, nearest, one_of
from tunecase.ledger import Entry
from tunecase.records import CATEGORIES, RULE_FIELDS, TAG, LineRule, Spending, Unplaced, is_rule_field

UNPLACED = "other"
RULE_VERB = "map"  # of a rule's entry in the ledger
MOST_MATCH = 200  # characters of a text that a match gives whole


def rule_problems(match: str, line: str) -> list[Problem]:
    """What is wrong with a rule as typed; `line` is empty where the rule is to be undone."""
    field, sign, value = match.partition("=")
    names = ", ".join((*RULE_FIELDS, f"{TAG}KEY"))
    problems = []
    if not sign or not value.strip():
        got, wanted = repr(match), "a field and its value, such as service=Amazon S3"
        problems.append(Problem("MATCH", got, wanted, 'write it as `tunecase spend map "service=Amazon S3" storage`'))
    elif not is_rule_field(field):
        problems.append(Problem("MATCH", repr(field), f"one of {names}", nearest(field, RULE_FIELDS)))
    if line and line not in CATEGORIES:
        problems.append(one_of("LINE", line, CATEGORIES))
    return problems


def rules_of(entries: Iterable[Entry]) -> tuple[LineRule, ...]:
    """The rules in force, in the order of the ledger; of one match the last holds, and one without a line undoes it."""
    rules: dict[str, LineRule] = {}
    for entry in entries:
        if entry.kind == "record" and entry.verb == RULE_VERB:
            rule: LineRule = entry.record()
            rules.pop(rule.match, None)
            if rule.line:
                rules[rule.match] = rule
    return tuple(rules.values())


def fits(rule: LineRule, charge: Spending) -> bool:
    """Whether a charge that landed in `other` is one of a rule's: the field's text, in any case, `*` for any letters.

    Example:
        >>> from datetime import date
        >>> charge = Spending(date(2026, 11, 2), "other", Decimal(9), "USD", Decimal(9), service="Amazon S3")
        >>> fits(LineRule("service=amazon*", "storage", date(2026, 11, 3)), charge)
        True
    """
    field, _, value = rule.match.partition("=")
    own = charge.tags.get(field.removeprefix(TAG), "") if field.startswith(TAG) else getattr(charge, field)
    return charge.category == UNPLACED and _is_like(own.casefold().strip(), value.casefold().strip())


def _is_like(text: str, value: str) -> bool:
    """Whether a text is a rule's value, in which a star stands for any letters: its parts in their order."""
    first, *others = value.split("*")
    if not others:
        return text == first
    *between, last = others
    at, end = len(first), len(text) - len(last)
    for part in between:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end and text.startswith(first) and text.endswith(last)


def rule_for(charge: Spending, rules: Sequence[LineRule]) -> LineRule | None:
    """The rule that a charge goes by, the latest of those that fit; None where none does."""
    return next((rule for rule in reversed(rules) if fits(rule, charge)), None)


def placed(charge: Spending, rules: Sequence[LineRule]) -> Spending:
    """The charge on the line that the rules put it on; what was booked under a line of its own stays there."""
    rule = rule_for(charge, rules)
    return charge if rule is None else replace(charge, category=rule.line)


def unplaced(charges: Iterable[Spending]) -> tuple[Unplaced, ...]:
    """What lies in `other`, by service or else by description, the dearest first, each with the match that names it.

    A long text is named by how it begins.
    """
    groups: dict[str, list[Spending]] = defaultdict(list)
    for charge in charges:
        if charge.category == UNPLACED:
            field = next((name for name in ("service", "description") if getattr(charge, name)), "source")
            text = getattr(charge, field)
            groups[f"{field}={text if len(text) <= MOST_MATCH else f'{text[:MOST_MATCH]}*'}"].append(charge)
    with localcontext(prec=DIGITS):
        sums = [
            Unplaced(match, len(group), sum((charge.amount_base for charge in group), Decimal(0)))
            for match, group in groups.items()
        ]
    return tuple(sorted(sums, key=lambda row: (-abs(row.amount), row.match)))


def map_command(match: str, line: str = "LINE") -> str:
    """The command that maps a match, safe to paste into a shell.

    Example:
        >>> map_command("service=Amazon S3", "storage")
        'tunecase spend map "service=Amazon S3" storage'
    """
    plain = match.isprintable() and not set(match) & set('"\\$`!%')
    word = f'"{match}"' if plain else shlex.quote(match)
    return f"tunecase spend map {word} {line}"
