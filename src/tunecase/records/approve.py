"""What was approved or rejected: each decision of a person as it was made, and what stands of all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from tunecase.quantities import Sampled
from tunecase.records.checked import Checked
from tunecase.records.plan import Authorised
from tunecase.records.spend import Amount
from tunecase.records.tabular import Tabular

MOST_NAME = 80  # characters of who decides
NEARLY = Decimal("0.8")  # of what was approved: from here on every face warns
State = Literal["none", "approved", "nearly spent", "spent", "another plan", "over", "rejected"]
WARNED: tuple[State, ...] = ("nearly spent", "spent", "another plan", "over")


def _above_zero(amount: Decimal) -> Decimal:
    if amount <= 0:
        raise ValueError("a number above 0")
    return amount


Released = Annotated[Amount, Checked(_above_zero)]


@dataclass(frozen=True, slots=True)
class Approval(Tabular):
    """Money that a person released, and the plan that it was released for.

    `amount` is in `currency`, `amount_base` in the project's. `by` is who approved it, `on` the day, `until` the last
    day on which a charge is covered, None without an end. `plan` is the plan's hash, `rests_on` the digest of each
    thing that the hash is made of; `action`, `stop_rule`, `release` and `authorise` are what the plan said then.
    `supersedes` is the entry of the approval whose place this one takes. `lever` is the code of the step, empty in
    records from before it was noted.
    """

    amount: Released
    currency: str
    amount_base: Released
    by: str
    on: date
    plan: str
    action: str
    stop_rule: str
    release: Sampled
    authorise: Authorised
    until: date | None = None
    note: str = ""
    supersedes: str = ""
    fx_rate: Amount = Decimal(1)
    rests_on: Mapping[str, str] = field(default_factory=dict)
    lever: str = ""


@dataclass(frozen=True, slots=True)
class Rejection(Tabular):
    """A person's refusal to release money for a plan; the fields are those of an Approval."""

    by: str
    on: date
    plan: str
    action: str
    release: Sampled
    note: str = ""
    rests_on: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approved:
    """One approval as it stands today, amounts in the base currency.

    `spent` is what charges have drawn from it, `left` what they still may: nothing once it has expired, was ended by a
    rejection of its plan, or was corrected by another approval. `moved` names what has changed in the plan since it was
    approved, and is empty where nothing has. `face` is the code of the face that it came through and `seen` how the
    person behind an agent was seen; empty where the entry does not say.
    """

    id: str
    approval: Approval
    spent: Amount
    left: Amount
    state: Literal["in force", "expired", "rejected", "corrected"]
    moved: str = ""
    face: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Approvals(Tabular):
    """Everything that was approved, what was spent of it, and what is asked for next; amounts in the base currency.

    `plan` is the hash of the plan on file and `action` its first step; both are empty without one. `release` is the P80
    of that step: what the next approval is asked for. `outdated` names what has changed in the case since that plan was
    made. `total` sums the approvals that were not corrected, `lapsed` is the part of them that can no longer be spent.
    `spent` sums the charges since the first approval, `uncovered` the part of them that no approval covers, `before`
    the charges before it. `owed` says that something was spent of the last one and no result was recorded since: until
    it is, nothing more is asked for. `rejection` is the last one of the plan as it is now, where nothing was approved
    after it, and `rejection_face` the code of the face that it came through.
    """

    currency: str
    plan: str = ""
    action: str = ""
    release: Sampled | None = None
    outdated: str = ""
    advised: bool = True
    approved: tuple[Approved, ...] = ()
    total: Amount = Decimal(0)
    lapsed: Amount = Decimal(0)
    spent: Amount = Decimal(0)
    uncovered: Amount = Decimal(0)
    before: Amount = Decimal(0)
    rejection: Rejection | None = None
    owed: bool = False
    rejection_face: str = ""

    @property
    def standing(self) -> tuple[Approved, ...]:
        """The approvals that still cover charges of today.

        Example:
            >>> [one.approval.by for one in approvals.standing]
            ['Head of Support']
        """
        return tuple(one for one in self.approved if one.state == "in force")

    @property
    def left(self) -> Decimal:
        """What may still be spent of the approvals in force.

        Example:
            >>> approvals.left
            Decimal('6000')
        """
        return sum((one.left for one in self.standing), Decimal(0))

    @property
    def spendable(self) -> Decimal:
        """All that was approved but for what lapsed: what spending is measured against.

        Example:
            >>> approvals.spendable
            Decimal('6000')
        """
        return self.total - self.lapsed

    @property
    def share(self) -> Decimal | None:
        """Spent as a share of what could be spent; None where nothing could.

        Example:
            >>> approvals.share
            Decimal('0')
        """
        return self.spent / self.spendable if self.spendable > 0 else None

    @property
    def moved(self) -> str:
        """What has changed in the plan since the last approval in force; empty where nothing has, or none is.

        Example:
            >>> approvals.moved
            ''
        """
        return self.standing[-1].moved if self.standing else ""

    @property
    def state(self) -> State:
        """Where the approvals stand, what matters most first.

        Example:
            >>> approvals.state
            'approved'
        """
        if self.rejection is not None:
            return "rejected"
        if not any(one.state != "corrected" for one in self.approved):
            return "none"
        if not self.standing:
            return "over"
        if self.moved:
            return "another plan"
        if self.left <= 0 or self.uncovered > 0:
            return "spent"
        return "nearly spent" if self.share is not None and self.share >= NEARLY else "approved"

    @property
    def warns(self) -> bool:
        """Whether further spending is, or soon will be, covered by no approval.

        Example:
            >>> approvals.warns
            False
        """
        return self.state in WARNED or (self.state == "rejected" and bool(self.approved))

    @property
    def is_asked(self) -> bool:
        """Whether the next release has to be approved: the one before is spent, its result known, or there is none.

        Example:
            >>> approvals.is_asked
            False
        """
        due = self.state not in ("approved", "nearly spent", "rejected")
        return (
            due
            and self.advised
            and not self.owed
            and not self.outdated
            and self.release is not None
            and self.release.shown > 0
        )
