"""What every verb's record says, as plain blocks at two depths: one function for each, which every face draws."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from tunecase.accounts.material import Material
from tunecase.blocks import Account

# One row for each kind of record: the file of this package and its function, imported when it is asked for.
ACCOUNTS: dict[str, tuple[str, str]] = {
    "audit": ("audit", "audit"),
    "clean": ("clean", "clean"),
    "define": ("define", "define"),
    "define again": ("define", "define_again"),
    "judge": ("judge", "judge"),
    "label task": ("label", "label_task"),
    "label trial": ("label", "label_trial"),
    "labelling": ("label", "labelling"),
    "review": ("review", "review"),
    "source trial": ("sources", "source_trial"),
    "sources": ("sources", "sources"),
    "pilot": ("pilot", "pilot"),
    "forecast": ("forecast", "forecast"),
    "evals": ("evals", "evals"),
    "fit": ("fit", "fit"),
    "scored": ("fit", "scored"),
    "inference": ("inference", "inference"),
    "loads": ("inference", "loads"),
    "prices": ("prices", "prices"),
    "updated": ("prices", "updated"),
    "estimate": ("estimate", "estimate"),
    "estimate again": ("estimate", "estimate_again"),
    "compare": ("compare", "compare"),
    "books": ("books", "books"),
    "spend": ("spend", "spend"),
    "imported": ("spend", "imported"),
    "charges": ("spend", "charges"),
    "mapped": ("spend", "mapped"),
    "metered": ("spend", "metered"),
    "approve": ("approve", "approve"),
    "rejection": ("approve", "approve"),
    "approvals": ("approve", "approvals"),
    "check": ("check", "check"),
    "scorecard": ("scorecard", "scorecard"),
    "ledger": ("ledger", "ledger"),
    "rechain": ("ledger", "ledger"),
    "decide": ("decide", "decide"),
    "next": ("next", "next_step"),
    "report": ("report", "report"),
    "changed": ("report", "changed"),
    "init": ("begun", "written"),
    "examples": ("begun", "examples"),
}


def account(verb: str, record: Any, material: Material | None = None) -> Account:
    """What a record says.

    Args:
        verb: the name of the record's kind, as in ACCOUNTS.
        record: the record.
        material: the case's other records, where there is a case: an account may name what follows from them.
    """
    file, name = ACCOUNTS[verb]
    function = getattr(import_module(f"tunecase.accounts.{file}"), name)
    return cast(Callable[[Any, Material], Account], function)(record, material or Material())
