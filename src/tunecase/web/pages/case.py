"""The page of one case: six tabs, each with an address of its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote

from tunecase.accounts import approval_short, plain_line
from tunecase.blocks import Account, Page, Part
from tunecase.quantities import Sampled, plain_figure, plain_money, plain_paid, sentence
from tunecase.records import CATEGORIES
from tunecase.web.pages.books import books_shown, charge_rows, charges_note
from tunecase.web.pages.drawing import drawn
from tunecase.web.pages.forms import OFFERED, form_of
from tunecase.web.pages.pilot import live
from tunecase.web.views import CaseView, Filled, Tab

TABS: dict[Tab, str] = {
    "answer": "Answer", "money": "Money", "data": "Data", "pilot": "Pilot", "books": "Books", "what-if": "What if",
}  # fmt: skip
# What a tab says where it has nothing to show: what is missing, and why.
NO_BILL = ("Nothing is priced yet", "The bill is made from the project file and prices with their dates.")
NO_PRICE = ("Nothing could be priced", "The bill below says what it lacks.")
NOT_READ = ("The data were not read yet", "The audit reads every row and says what can be used.")
NO_ROWS = ("There are no data to read", "The project file of this case names no training rows; it is a plan.")
NO_PLANS = (
    "There is nothing to move yet",
    "The sliders move between plans that were worked out beforehand; this case has none.",
)
NO_STEPS = ("There is nothing to move", "The sliders move between the steps of a plan; what is advised here has none.")
NOTHING_DECIDED = (
    "There is nothing to move",
    "The sliders move a plan that was decided on; without training rows nothing can be decided.",
)
NAME_ROWS = "Write `train: train.jsonl` under `data:`, in place of `rows:`; then `tunecase run` reads them."
# The accounts that stand folded on a tab, by their verbs.
FOLDED: dict[Tab, tuple[str, ...]] = {
    "money": ("estimate", "decide", "inference"),
    "data": ("audit", "define", "sources", "judge", "pilot", "forecast", "basis"),
}  # fmt: skip


def case_page(view: CaseView, tab: Tab, token: str, filled: Filled | None = None) -> str:
    """One tab of a case.

    Args:
        view: the case; its page may be None, and each record of its books.
        tab: which one.
        token: of the server, in every form.
        filled: the form that came back, with what was typed and what is wrong or done.
    """
    return drawn(
        f"{tab}.html", view=view, tab=tab, tabs=TABS, token=token, spent=spent_words(view), page=view.page,
        address=_address(view), **CONTEXTS[tab](view, filled),
    )  # fmt: skip


def _address(view: CaseView) -> str:
    return f"/case/{quote(view.key, safe='')}"


def spent_words(view: CaseView) -> tuple[str, float | None] | None:
    """What was spent of what is released, else of the budget, and the share of it; None where nobody knows."""
    approvals, books, unit = view.approvals, view.books, view.currency
    if approvals is not None and approvals.spendable > 0:
        before = f", {plain_paid(approvals.before)} before that" if approvals.before else ""
        words = f"{plain_paid(approvals.spent)} spent of {plain_paid(approvals.spendable)} {unit} released{before}"
        return words, float(approvals.spent / approvals.spendable)
    if books is None:
        return None
    if not books.budget:
        return f"{plain_paid(books.spent)} {unit} spent", None
    words = f"{plain_paid(books.spent)} spent of a budget of {plain_paid(books.budget)} {unit}"
    return words, float(books.spent) / books.budget


def _answer(view: CaseView, filled: Filled | None) -> dict[str, Any]:
    release = _asked(view)
    return {
        "form": form_of("approve", filled),
        "asked": "" if release is None else plain_money(release, view.currency),
        "amount": "" if release is None else f"{release.shown:.12g}",
        "plan": "" if view.approvals is None else view.approvals.plan,
        "last": "" if view.approvals is None or not view.approvals.approved else view.approvals.approved[-1].id,
        "stands": "" if view.approvals is None else approval_short(view.approvals),
    }


def _asked(view: CaseView) -> Sampled | None:
    """The release that the plan on file asks for, where the answer beside it releases that now; None elsewhere.

    A page that is worked out anew asks for nothing: it goes while somebody types.
    """
    approvals, page = view.approvals, view.page
    if approvals is None or page is None or view.comes_at or not approvals.is_asked:
        return None
    words = plain_figure(approvals.release)
    now = [tile.value for tile in page.answer.tiles if tile.key == "release"]
    return approvals.release if words in now else None


class Lacking(NamedTuple):
    """What a tab cannot show and why; whether `tunecase run` makes it, and the address of the page that there is."""

    what: str
    why: str
    run: bool
    whole: str


def _lacking(view: CaseView, verb: str, words: tuple[str, str], made: tuple[str, str] | None = None) -> Lacking:
    """What to say where a tab has nothing to show.

    Args:
        verb: whose record the tab shows; where there is one, running it again brings no more.
        words: what is missing and why, before the verb was run.
        made: the same where there is a record, if it may still show nothing.
    """
    whole = "" if view.page is None else f"{_address(view)}/page"
    if made is not None and _accounts(view.page, (verb,)):
        return Lacking(*made, False, whole)
    return Lacking(*words, True, whole)


def _without_rows(view: CaseView, what: str, why: str) -> Lacking:
    """What a plan without training rows lacks, however often it is run."""
    return Lacking(what, f"{why} {NAME_ROWS}", False, "" if view.page is None else f"{_address(view)}/page")


def _money(view: CaseView, filled: Filled | None) -> dict[str, Any]:
    part = _part(view.page, "money")
    lead, _, rest = (part.lede if part is not None else "").partition(". ")
    heading = lead.rstrip(".") or "Nothing is priced yet"
    return {"part": part, "heading": heading, "beside": rest, "folded": _accounts(view.page, FOLDED["money"]),
            "lacking": _lacking(view, "estimate", NO_BILL, NO_PRICE)}  # fmt: skip


def _data(view: CaseView, filled: Filled | None) -> dict[str, Any]:
    part = _part(view.page, "evidence")
    findings = () if part is None else part.findings
    others = tuple(finding for finding in findings if finding.about != "data")
    return {
        "finding": next((finding for finding in findings if finding.about == "data"), None),
        "part": replace(part, findings=others) if part is not None and others else None,
        "folded": _accounts(view.page, FOLDED["data"]),
        "lacking": _lacking(view, "audit", NOT_READ) if view.has_rows else _without_rows(view, *NO_ROWS),
    }


def _pilot(view: CaseView, filled: Filled | None) -> dict[str, Any]:
    form = form_of("pilot", filled)
    return {"form": form, "offered": OFFERED, **live(view.pilot), "acted": bool(form.done and not form.first)}


def _books(view: CaseView, filled: Filled | None) -> dict[str, Any]:
    lines = [(name, sentence(plain_line(name)).rstrip(".")) for name in view.lines or CATEGORIES]
    charges = view.charges
    return {
        "books": books_shown(view), "charge": form_of("charge", filled), "bill": form_of("bill", filled),
        "lines": lines, "rows": () if charges is None else charge_rows(charges),
        "total": "" if charges is None else charges.column[-1],
        "note": "" if charges is None else charges_note(charges),
    }  # fmt: skip


def _what_if(view: CaseView, filled: Filled | None) -> dict[str, Any]:
    lacking = _lacking(view, "decide", NO_PLANS, NO_STEPS)
    return {"lacking": lacking if view.has_rows else _without_rows(view, *NOTHING_DECIDED)}


CONTEXTS: dict[Tab, Callable[[CaseView, Filled | None], dict[str, Any]]] = {
    "answer": _answer, "money": _money, "data": _data, "pilot": _pilot, "books": _books, "what-if": _what_if,
}  # fmt: skip


def _part(page: Page | None, id: str) -> Part | None:
    """A part of the page that has any figures to show."""
    parts = () if page is None else page.parts
    return next((part for part in parts if part.id == id and any(one.blocks for one in part.findings)), None)


def _accounts(page: Page | None, verbs: tuple[str, ...]) -> tuple[Account, ...]:
    return () if page is None else tuple(one for one in page.appendix if one.verb in verbs)
