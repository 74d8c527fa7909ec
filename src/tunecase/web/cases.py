"""The cases that are served: which there are, how they stand at a glance, and what a page of one of them shows."""

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from tunecase import flow
from tunecase.blocks import Page
from tunecase.errors import TunecaseError
from tunecase.ledger import Ledger
from tunecase.project import Project
from tunecase.records import CATEGORIES, Approvals, Books, Charges
from tunecase.web.acts import Case
from tunecase.web.pilots import Pilots
from tunecase.web.state import pilot_state
from tunecase.web.views import CaseRow, CaseView, Shelf, Tab

MOST_DRAWN = 20  # cases whose page is kept
WITH_PAGE: tuple[Tab, ...] = ("answer", "money", "data", "what-if")
Files = tuple[tuple[Path, tuple[int, int] | None], ...]
Made = TypeVar("Made")


class Sums(NamedTuple):
    """What every tab of a case shows: its project, its books, its charges, and what was approved."""

    project: Project
    books: Books
    charges: Charges
    approvals: Approvals


class Cases:
    """The cases below a folder, by the keys that stand in their addresses.

    A case that was found stays known, so that one whose folder vanishes is told of rather than forgotten.

    Args:
        folder: what is served.
        seed: of every case.
        today: the day of every case; None for the day of each visit.
    """

    def __init__(self, folder: Path, seed: int = 0, today: date | None = None) -> None:
        self.folder, self.seed, self._today, self.pilots = folder.resolve(), seed, today, Pilots()
        self._projects: dict[str, Path] = {}
        self._glances: dict[Path, tuple[Any, flow.Glance]] = {}
        self._looking = threading.Lock()
        self._pages, self._books = Kept[Page](), Kept[Sums]()

    @property
    def today(self) -> date:
        """The day of a visit that comes now."""
        return self._today or date.today()

    def shelf(self) -> Shelf:
        """The cases as they stand, those alone looked at anew whose files have changed.

        Raises: InputError where the folder is no longer there.
        """
        found = flow.find_cases(self.folder)
        with self._looking:  # two visitors at once do not read every ledger twice
            rows = [self._row(self._key(project), project) for project in found.projects]
            self._glances = {project: self._glances[project] for project in found.projects}
        return Shelf(
            str(self.folder), tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.key))), found.left_out
        )

    def _key(self, project: Path) -> str:
        key = key_of(self.folder, project)
        self._projects[key] = project
        return key

    def _row(self, key: str, project: Path) -> CaseRow:
        stamp = flow.stamp_of(project), self.today
        held = self._glances.get(project)
        if held is None or held[0] != stamp:
            held = stamp, flow.glance(project, self.today)
            self._glances[project] = held
        seen = held[1]
        is_running = key in self.pilots.running() or is_piloted(project)
        return CaseRow(**asdict(seen), key=key, place=self._place(project), is_running=is_running)

    def _place(self, project: Path) -> str:
        """The folder of a case below the one that is served; empty for that one."""
        return "" if project.parent == self.folder else project.parent.relative_to(self.folder).as_posix()

    def case(self, key: str) -> Case | None:
        """The case of a key, whether its folder is still there or not; None for a key that no case ever had."""
        if key not in self._projects:
            with suppress(TunecaseError):
                for found in flow.find_cases(self.folder).projects:
                    self._key(found)
        project = self._projects.get(key)
        return None if project is None else Case(key, project, self.seed, self.today)

    def view(self, case: Case, tab: Tab, begun: Future[Page] | None = None, comes_at: str = "") -> CaseView:
        """What a tab of a case shows; only what the tab needs is worked out, and nothing is written.

        Args:
            begun: the content of its page, which is shown as it last stood where it is not there yet; None to wait.
            comes_at: the address of the view that waits.
        Raises: InputError where the case cannot be opened.
        """
        faults: list[str] = []
        sums = self._made(lambda: self._sums(case), faults)
        project = self._opened(case).project if sums is None else sums.project
        page, is_last = None, begun is not None and not begun.done()
        if tab in WITH_PAGE:
            page = self._pages.last(case) if is_last else self._made((begun or self.page_begun(case)).result, faults)
            # An approval is asked for the plan that the sums know, never beside the page of an earlier one.
            is_last = is_last or (page is not None and self._pages.held(case) is not page)
        _, books, charges, approvals = sums or (None, None, None, None)
        return CaseView(
            case.key, project.name, project.currency, tuple(CATEGORIES), page,
            pilot_state(case.project, self.pilots.of(case.key), case.today), books, charges, approvals, tuple(faults),
            comes_at if is_last else "", self._place(case.project), project.data.train is not None,
        )  # fmt: skip

    def page(self, case: Case) -> Page:
        """The content of a case's report page, kept until one of its files changes: it takes seconds."""
        return self.page_begun(case).result()

    def page_begun(self, case: Case) -> Future[Page]:
        """The same, there at once where it is kept, else begun. Raises: InputError where the case cannot be opened."""
        if (held := self._pages.held(case)) is not None:
            return _there(held)
        opened = self._opened(case)
        # Which every tab shows, before the page takes this machine for itself.
        self._made(lambda: self._sums(case, opened), [])
        return self._pages.begun(case, opened, flow.contents)

    def _sums(self, case: Case, opened: flow.Flow | None = None) -> Sums:
        def made(opened: flow.Flow) -> Sums:
            return Sums(opened.project, flow.books(opened), flow.charges(opened), flow.approvals(opened))

        # A case of which nothing changed is not opened again: its files were read and found good.
        return self._books.held(case) or self._books.begun(case, opened or self._opened(case), made).result()

    def _opened(self, case: Case) -> flow.Flow:
        opened = case.opened()
        opened.writes = False  # whoever looks at a case leaves no trace in its ledger
        return opened

    def _made(self, make: Callable[[], Made], faults: list[str]) -> Made | None:
        try:
            return make()
        except (TunecaseError, OSError) as error:
            if str(error) not in faults:
                faults.append(str(error))
            return None


@dataclass(frozen=True, slots=True)
class _Slot(Generic[Made]):
    rests_on: Any
    files: Files
    made: Made


@dataclass(eq=False)
class _Making(Generic[Made]):
    rests_on: Any
    files: Files
    make: Callable[[], Made]
    has_begun: bool = False
    future: Future[Made] = field(default_factory=Future)


class Kept(Generic[Made]):
    """What was made of cases, each until a file that the case rests on changes, or the day or the seed.

    One is made at a time: what takes seconds is not made twice for two tabs.
    """

    def __init__(self) -> None:
        self._slots: OrderedDict[str, _Slot[Made]] = OrderedDict()
        self._under_way: dict[str, _Making[Made]] = {}
        self._beginning = threading.Lock()
        self._threads = ThreadPoolExecutor(1, "makes")

    def held(self, case: Case) -> Made | None:
        """What is kept of a case and still holds; None where nothing does."""
        slot = self._slots.get(case.key)
        if slot is None or slot.rests_on != _rests_on(case):
            return None
        return slot.made if all(flow.size_and_moment(path) == stat for path, stat in slot.files) else None

    def last(self, case: Case) -> Made | None:
        """What was made of a case last, whether it holds or not; None where nothing is kept."""
        slot = self._slots.get(case.key)
        return None if slot is None else slot.made

    def begun(self, case: Case, opened: flow.Flow, make: Callable[[flow.Flow], Made]) -> Future[Made]:
        """What is kept of a case; where it does not hold any more it is made anew, by a thread for all cases.

        Of a case that changes again and again one making runs and one waits, for what then is the newest.
        """
        with self._beginning:
            held = self.held(case)
            if held is not None:
                return _there(held)
            files = tuple((path, flow.size_and_moment(path)) for path in opened.needed_files())
            rests_on, wanted = _rests_on(case), partial(make, opened)
            one = self._under_way.get(case.key)
            if one is None or one.future.done() or (one.has_begun and (one.rests_on, one.files) != (rests_on, files)):
                one = self._under_way[case.key] = _Making(rests_on, files, wanted)
                one.future = self._threads.submit(self._make, case.key, one)
            elif not one.has_begun:
                one.rests_on, one.files, one.make = rests_on, files, wanted
            return one.future

    def _make(self, key: str, one: "_Making[Made]") -> Made:
        with self._beginning:
            one.has_begun = True
        made = one.make()
        self._slots[key] = _Slot(one.rests_on, one.files, made)
        self._slots.move_to_end(key)
        while len(self._slots) > MOST_DRAWN:
            self._slots.popitem(last=False)
        return made


def _there(made: Made) -> Future[Made]:
    there: Future[Made] = Future()
    there.set_result(made)
    return there


def _rests_on(case: Case) -> Any:
    return case.seed, case.today, flow.stamp_of(case.project)


def is_piloted(project: Path) -> bool:
    """Whether a pilot of the case at a project file runs in whatever process."""
    with suppress(TunecaseError, OSError):
        return flow.pilot_is_under_way(Ledger(project.with_name("ledger.jsonl")))
    return False


def key_of(folder: Path, project: Path) -> str:
    """The key of a case: the path of its folder in letters of an address, and some digits that tell two apart.

    Example:
        >>> key_of(Path("cases"), Path("cases/Support tickets/tunecase.yaml"))
        'support-tickets-31276b'
    """
    place = project.parent.relative_to(folder).as_posix()
    name = project.parent.resolve().name if place == "." else place
    word = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:60]
    return f"{word or 'case'}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:6]}"
