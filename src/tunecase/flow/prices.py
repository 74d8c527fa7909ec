"""The price book on a day: what is listed, in which currency, with whose own prices."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.flow.opened import own_prices
from tunecase.quantities import Worlds
from tunecase.records import Prices

if TYPE_CHECKING:
    from tunecase.prices import PricesAsked


def prices(request: "PricesAsked", today: date, project: Path | None = None) -> Prices:
    """The prices asked for; a project file gives the currency and the user's own prices. Nothing is kept.

    Raises: InputError for words that name nothing, a project file or a file of prices that cannot be read.
    """
    from tunecase.prices import Basis, price_list
    from tunecase.project import read_project

    read = read_project(project, catalog.names(), today=today) if project else None
    own = own_prices(project, read, today) if project and read else None
    basis = Basis(
        read, today, Worlds(0, 1), contracts=own.rows if own else (), contracts_hash=own.digest if own else ""
    )
    listed = price_list(request, basis)
    if own is None or not own.notes:
        return listed
    from dataclasses import replace

    return replace(listed, notes=(*listed.notes, *own.notes))
