"""Charges of a training that runs outside: one for each attempt, each booked once, whoever went on from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.projects import TODAY, written
from tunecase import flow
from tunecase.books.held import held
from tunecase.books.meter import STATE_FILE, Meter, meter_of
from tunecase.callback import Settings, Watch
from tunecase.flow.training import book_run, charge_of, usd_left
from tunecase.records import Spending

TEXT = "currency: USD\nbudget: 1000 USD\ncompute: {tier: neocloud}\n"
AT = datetime(2026, 11, 10, 8, tzinfo=UTC)


def opened(folder: Path) -> flow.Flow:
    """A case in a folder."""
    if not (folder / "tunecase.yaml").is_file():
        written(TEXT, folder)
    return flow.open_case(folder / "tunecase.yaml", today=TODAY)


def ran(meter: Meter, began: datetime, hours: float = 1.0, usd: float = 10.0, step: int = 0) -> Meter:
    """The same run with one more attempt of so many hours on one L40S."""
    made = meter_of(meter.state())
    made.begin(began, step, usd, 1, "L40S")
    made.now.seconds, made.now.last_step, made.now.ended = hours * 3600, step + 100, True
    return made


def spent(case: flow.Flow) -> Decimal:
    """What counts in the ledger."""
    return sum((charge.amount_base for _, charge in held(case.spendings()).charges), Decimal(0))


def bill(began: datetime, hours: int, amount: str) -> Spending:
    """A billed row of one L40S."""
    return Spending(
        began.date(), "gpu", Decimal(amount), "USD", Decimal(amount), quantity=Decimal(hours), unit="GPU hour",
        began_at=began, ended_at=began + timedelta(hours=hours), gpu="L40S", gpu_count=1, source="focus",
    )  # fmt: skip


def test_each_attempt_is_a_charge_and_is_booked_once(tmp_path: Path) -> None:
    """Two attempts are two charges at their own times and prices; the next total adds only what is new."""
    case, first = opened(tmp_path), ran(Meter("r"), AT)
    second = ran(first, AT + timedelta(days=3), hours=0.5, usd=8.0, step=100)
    assert [1, 1, 0] == [len(book_run(case, meter)) for meter in (first, second, second)]
    one, two = (charge for _, charge in case.spendings())
    assert (Decimal(10), Decimal(10), AT, AT + timedelta(hours=1), "") == (
        one.amount, one.unit_price, one.began_at, one.ended_at, one.supersedes,
    )  # fmt: skip
    assert (Decimal(4), Decimal(8), AT + timedelta(days=3), "") == (
        two.amount, two.unit_price, two.began_at, two.supersedes,
    )  # fmt: skip
    assert ("r", "r", "estimated") == (one.run, two.run, two.basis)


def test_bills_of_two_attempts_with_a_gap_take_the_place_of_both(tmp_path: Path) -> None:
    """Days between two attempts are none of the run: both hours are billed, nothing counts twice, nothing is idle."""
    case = opened(tmp_path)
    book_run(case, ran(ran(Meter("r"), AT, usd=2.0), AT + timedelta(days=3), usd=2.0, step=100))
    later = AT + timedelta(days=3)
    found = held([*case.spendings(), ("b1", bill(AT, 1, "2.5")), ("b2", bill(later, 1, "1.5"))])
    assert Decimal(4) == sum(charge.amount_base for _, charge in found.charges)
    assert (Decimal(0), Decimal(0)) == (found.idle_hours, found.idle_amount)


def test_two_trainings_from_one_checkpoint_both_count(tmp_path: Path) -> None:
    """A of 10, then B and C of 10 from A's checkpoint are 30; the checkpoint saw less of A than was booked."""
    case, step = opened(tmp_path), 100
    first = ran(Meter("a"), AT)
    seen = meter_of(first.state())
    seen.now.seconds, seen.now.ended = 3000.0, False
    for meter in (first, ran(seen, AT + timedelta(hours=2), step=step), ran(seen, AT + timedelta(hours=2), step=step)):
        book_run(case, meter)
    assert (3, Decimal(30)) == (len(case.spendings()), spent(case))
    assert all(not charge.supersedes for _, charge in case.spendings())


def test_an_attempt_that_was_booked_too_early_is_booked_with_its_rest(tmp_path: Path) -> None:
    """Where an attempt took more than its charge says, the whole takes the charge's place."""
    case, early = opened(tmp_path), ran(Meter("r"), AT, hours=0.25)
    whole = meter_of(early.state())
    whole.now.seconds = 3600.0
    assert [1, 1, 0] == [len(book_run(case, meter)) for meter in (early, whole, early)]
    (name, first), (_, last) = case.spendings()
    assert (name, first.row_id, Decimal(10)) == (last.supersedes, last.row_id, spent(case))


def test_an_attempt_that_took_nothing_is_no_charge(tmp_path: Path) -> None:
    """A kill before the first step leaves nothing to book, and no charge of zero."""
    case = opened(tmp_path)
    assert [] == book_run(case, ran(Meter("r"), AT, hours=0.0))
    assert not case.spendings()


def test_left_of_the_budget_leaves_the_runs_own_charges_out(tmp_path: Path) -> None:
    """What the run itself has booked is counted by its meter, what others booked is not left."""
    case, own = opened(tmp_path), ran(Meter("r"), AT)
    book_run(case, own)
    assert 1000 == usd_left(case, ran(own, AT + timedelta(hours=2), step=100))
    assert 990 == usd_left(case, ran(Meter("other"), AT))


def test_the_same_attempt_is_known_in_joined_books(tmp_path: Path) -> None:
    """Two people who booked one attempt hold one charge once their ledgers are joined."""
    case, run = opened(tmp_path), ran(Meter("r"), AT)
    one, two = (charge_of(case, run.run, run.now) for _ in range(2))
    assert Decimal(10) == sum(
        charge.amount for _, charge in held([("a", one), ("b", replace(two, description="x"))]).charges
    )


def test_a_fork_of_the_callback_itself_counts_whole(tmp_path: Path) -> None:
    """The callback's own attempts: two folders that go on from another one's checkpoint book what they took."""
    case, stored = opened(tmp_path), [{"attributes": {"stored": None}}]
    for name, step in (("a", 0), ("b", 100), ("c", 100)):
        watch = Watch(Settings(usd_per_gpu_hour=10.0, gpu="L40S"))
        watch.begin(tmp_path / name, step, 1, stored if step else [], writes=True)
        watch.begun_s -= 3600
        watch.end(step + 100, 200)
        book_run(case, watch.meter)
        if name == "a":
            stored = [{"attributes": {"stored": watch.meter.state()}}]
    assert Decimal(30) == round(spent(case), 2)


def test_a_crashed_training_is_imported_once_and_taken_up_again(tmp_path: Path) -> None:
    """The import of what a killed attempt took, twice, is one charge; the resumed run books only its own attempt."""
    case, killed = opened(tmp_path), ran(Meter("r"), AT)
    killed.now.ended = False
    killed.write(tmp_path / "out" / STATE_FILE)
    booked = [flow.spend_import(opened(tmp_path), "runs", str(tmp_path / "out")).booked for _ in range(2)]
    assert [1, 0] == booked
    whole = ran(killed, AT + timedelta(hours=2), step=100)
    assert 1 == len(book_run(case, whole))
    whole.write(tmp_path / "out" / STATE_FILE)
    assert (0, 2) == ((again := flow.spend_import(opened(tmp_path), "runs", str(tmp_path / "out"))).booked, again.known)
    assert (2, Decimal(20)) == (len(case.spendings()), spent(case))
