"""What each record says, in plain blocks at two depths: the answer, and all of it; one file per verb."""

from tunecase.accounts.answer import answer
from tunecase.accounts.approvals import HEAD, approval_line, approval_rows, approval_short, approve_command
from tunecase.accounts.basis import basis
from tunecase.accounts.headline import headline
from tunecase.accounts.material import Material
from tunecase.accounts.registry import ACCOUNTS, account
from tunecase.accounts.run import run
from tunecase.accounts.what_if import panel

__all__ = [
    "ACCOUNTS", "HEAD", "Material", "account", "answer", "approval_line", "approval_rows", "approval_short",
    "approve_command", "basis", "headline", "panel", "run",
]  # fmt: skip
