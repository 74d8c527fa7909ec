"""The page of all cases of a folder."""

from tunecase.quantities import counted
from tunecase.web.pages.drawing import drawn
from tunecase.web.views import Shelf


def cases_page(shelf: Shelf) -> str:
    """All cases of a folder, one row each; without any it says how a case is begun."""
    return drawn("cases.html", shelf=shelf, heading=cases_heading(shelf))


def cases_heading(shelf: Shelf) -> str:
    """How many cases there are, how many pilots run, and how many cases cannot be read.

    Example:
        >>> from tunecase.web.views import CaseRow
        >>> cases_heading(Shelf("/cases", (CaseRow("A", key="a", is_running=True), CaseRow("B", key="b", fault="no"))))
        '2 cases: 1 pilot is running, 1 case cannot be read'
        >>> cases_heading(Shelf("/cases", ()))
        'There is no case in this folder yet'
    """
    if not shelf.cases:
        return "There is no case in this folder yet"
    running = sum(row.is_running for row in shelf.cases)
    faults = sum(bool(row.fault) for row in shelf.cases)
    said = [counted(running, "pilot is", "pilots are") + " running"] if running else []
    said += [counted(faults, "case", "cases") + " cannot be read"] if faults else []
    return counted(len(shelf.cases), "case") + (f": {', '.join(said)}" if said else "")
