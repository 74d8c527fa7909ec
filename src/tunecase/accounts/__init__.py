"""What each record says, in plain blocks at two depths: the answer, and all of it; one file per verb."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.accounts.answer import answer
    from tunecase.accounts.approvals import approval_line, approval_short, approve_command
    from tunecase.accounts.approve import approval_table, asked_words
    from tunecase.accounts.basis import basis
    from tunecase.accounts.decide import plan_table
    from tunecase.accounts.headline import headline
    from tunecase.accounts.lines import plain_line
    from tunecase.accounts.looks import steps_to_try
    from tunecase.accounts.material import Material
    from tunecase.accounts.registry import ACCOUNTS, account
    from tunecase.accounts.run import run
    from tunecase.accounts.verdict import release_now
    from tunecase.accounts.what_if import panel
    from tunecase.accounts.words import disclosed_words

loads_late(__name__)
