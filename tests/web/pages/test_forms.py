"""The forms of a case."""

from dataclasses import replace

from tests.web.pages import made
from tests.web.pages.reading import PageRead
from tunecase.pilot.trial import TRAINERS
from tunecase.web.pages import case_page
from tunecase.web.pages.forms import OFFERED, form_of
from tunecase.web.views import Filled


def test_mistakes_stand_beside_their_fields() -> None:
    """A mistaken field is marked, described by its mistake, keeps what was typed, and the first has the focus."""
    page = PageRead(case_page(made.view(), "books", made.TOKEN, made.MISTAKEN["books"]))
    form = next(one for one in page.forms if "amount" in one.fields)
    amount = form.fields["amount"]
    assert ("true", "12,3") == (amount["aria-invalid"], amount["value"])
    assert "autofocus" in amount
    assert "12,3 is not clear: write 12.30" in page.words[(amount["aria-describedby"] or "").split()[0]]
    assert ("true", "2026-13-01", "text") == tuple(
        form.fields["on"][name] for name in ("aria-invalid", "value", "type")
    )
    assert "aria-invalid" not in form.fields["currency"]
    assert "n" == form.fields["note"]["value"]
    assert "Nothing was done: two things are wrong." in page.words["charge"]


def test_a_bill_is_confirmed_before_it_is_booked() -> None:
    """What it would book is listed; two forms name it, one to book and one to leave; no other file is asked for."""
    page = PageRead(case_page(made.view(), "books", made.TOKEN, made.CONFIRM))
    assert "focus.csv: 2 charges" in page.words["bill"]
    held = [one for one in page.forms if "held" in one.fields]
    assert ["/case/support/bill/book", "/case/support/bill/leave"] == [one.attributes["action"] for one in held]
    assert ["h1", "h1"] == [one.fields["held"]["value"] for one in held]
    assert not [one for one in page.forms if "bill" in one.fields]


def test_an_approval_is_asked_for_only_where_the_plan_asks() -> None:
    """The form is filled with the release; a plan that is approved, or asks for none, has none."""
    asked = PageRead(case_page(made.view(), "answer", made.TOKEN))
    assert "1500" == asked.forms[0].fields["amount"]["value"]
    seen = [asked.forms[0].fields[name]["value"] for name in ("plan", "last")]
    assert [made.ASKED.plan, made.ASKED.approved[-1].id if made.ASKED.approved else ""] == seen
    assert "open" not in asked.all("details")[0]
    given = case_page(made.view(approvals=made.RELEASED), "answer", made.TOKEN)
    assert not PageRead(given).forms
    assert "Approved: 1,500 USD; 380 spent, 1,120 left." in given
    assert not PageRead(case_page(made.view(approvals=None), "answer", made.TOKEN)).forms
    nothing = replace(made.PAGE.answer.tiles[0], value="0", beside="not before that is settled")
    not_yet = replace(made.PAGE, answer=replace(made.PAGE.answer, tiles=(nothing, *made.PAGE.answer.tiles[1:])))
    for view in (made.view(not_yet), made.view(None), made.view(comes_at="/case/support/answer?wait=1")):
        assert not PageRead(case_page(view, "answer", made.TOKEN)).forms
    back = PageRead(case_page(made.view(), "answer", made.TOKEN, made.MISTAKEN["answer"]))
    assert "open" in back.all("details")[0]


def test_the_pilot_form_offers_trainers_that_are_there() -> None:
    """Every name that it offers is one that the pilot knows; the first lets tunecase choose."""
    assert {name for name, _ in OFFERED} <= {"", *dict(TRAINERS)}
    assert "" == OFFERED[0][0]


def test_start_and_stop_are_shown_by_the_state() -> None:
    """While a pilot runs none is started, and only one that was started here is stopped."""
    for state, start, stop in (
        (made.state(3), True, False), (made.state(3, running=True), False, True),
        (made.state(3, running=True, can_stop=False), False, False),
    ):  # fmt: skip
        page = PageRead(case_page(made.view(pilot=state), "pilot", made.TOKEN))
        shown = {form.attributes["id"]: "hidden" not in form.attributes for form in page.forms}
        assert {"start": start, "stop": stop} == shown


def test_mistakes_are_told_where_the_form_is_not_shown() -> None:
    """A pilot that runs already, or an approval that another tab gave: what is wrong is told all the same."""
    mistaken = Filled("pilot", mistakes={"": "A pilot is under way.", "max_usd": "wanted a number"})
    running = made.view(pilot=made.state(3, running=True))
    page = PageRead(case_page(running, "pilot", made.TOKEN, mistaken))
    assert "A pilot is under way." in page.words["main"]
    assert 2 == page.words["main"].count("wanted a number")
    html = case_page(made.view(approvals=made.RELEASED), "answer", made.TOKEN, made.MISTAKEN["answer"])
    assert "say who approves it" in html


def test_fields_of_other_forms_are_not_taken() -> None:
    """A mistake of a field that the form has not stands above it."""
    form = form_of("approve", Filled("approve", mistakes={"line": "no such line", "by": "say who"}))
    assert ("by", ("no such line",)) == (form.first, form.others)
    assert ("no such line",) == form.others
    assert "by" == form.first
    assert not form_of("charge", Filled("approve", done="x")).came_back
