"""The price book on a day: what is listed, in which currency, with whose own prices; and catalogs taken over."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.opened import Flow, own_prices
from tunecase.quantities import FIRST_DAY, Worlds, too_early
from tunecase.records import Prices, PricesUpdated

if TYPE_CHECKING:
    from tunecase.prices import Contract, PricesAsked
    from tunecase.project import Project

COLUMNS = ("gpu", "provider", "terms", "region", "usd_per_gpu_hour", "date", "basis", "source")
PRICE_DIGITS = 9  # significant: a share of a whole machine has no end of them
_DAY = re.compile(r"(?<!\d)(20\d\d)[-_]?([01]\d)[-_]?([0-3]\d)(?!\d)")


def prices(request: "PricesAsked", today: date, project: Path | Flow | None = None) -> Prices:
    """The prices asked for; a project file or an opened case gives the currency and the user's own prices.

    Nothing is kept.

    Raises: InputError for words that name nothing, a project file or a file of prices that cannot be read.
    """
    from tunecase.prices import Basis, price_list
    from tunecase.project import read_project

    if isinstance(project, Flow):
        read: Project | None = project.project
        own = project.contracts
    else:
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


@dataclass(frozen=True, slots=True)
class UpdateAsked:
    """A catalog to take over: its file, its day where the user states one, and where to write its prices.

    Without `to` they go into `PROVIDER-list-prices.csv` beside the project file.
    """

    source: Path
    day: str = ""
    to: Path | None = None
    force: bool = False


def update_prices(request: UpdateAsked, today: date, project: Path) -> PricesUpdated:
    """Writes the GPU prices of a catalog of SkyPilot or gpuhunt as list prices, in the form that `prices:` reads.

    The lowest price of a card's hour stands for each card, terms and region. The project file is left as it is.

    Args:
        request: the catalog and where to write.
        today: a later date of the catalog is a mistake.
        project: the project file, which need not be there.
    Raises: InputError for a file that is no catalog, has columns that no catalog known here has, or stands in the way.
    """
    from tunecase.io import Output, write_outputs
    from tunecase.prices import is_old, read_catalog

    found, form = read_catalog(request.source, today)
    day, dated_by = _dated(request, today)
    known = catalog.provider(found.rows[0].provider)
    provider = known.name if known else found.rows[0].provider
    to = request.to or project.parent / f"{provider.replace(' ', '-')}-list-prices.csv"
    needed = (project, project.parent / "ledger.jsonl", request.source)
    in_use = _in_use(project, today)
    write_outputs([Output(to, _table(found.rows, provider, day).encode())], needed, force=request.force)
    return PricesUpdated(
        file=str(to), catalog=form, provider=provider, prices=len(found.rows), date=day, dated_by=dated_by,
        cards=len({row.gpu for row in found.rows}), stale=is_old(day, today),
        project=str(project) if project.is_file() else "", in_use=in_use,
        is_in_use=bool(in_use) and (project.parent / in_use).resolve() == to.resolve(),
        notes=(*found.notes, *_doubts(provider, known is not None)),
    )  # fmt: skip


def _table(rows: "Iterable[Contract]", provider: str, day: str) -> str:
    from tunecase.io import no_formula

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: (row.gpu, row.terms, row.price, row.region)):
        usd = f"{Decimal(f'{row.price:.{PRICE_DIGITS}g}').normalize():f}"
        texts = (row.gpu, provider, row.terms, row.region)
        writer.writerow((*map(no_formula, texts), usd, day, "list", no_formula(row.source)))
    return text.getvalue()


def _dated(request: UpdateAsked, today: date) -> tuple[str, str]:
    """The day of a catalog and where it is from: what the user states, else the file's name or folder, else its age."""
    if request.day:
        day = _as_day(request.day, "--date", today)
        return day, "--date"
    for name in (request.source.name, request.source.resolve().parent.name):
        if (found := _DAY.search(name)) is not None:
            return _as_day("-".join(found.groups()), str(request.source), today), f"its name, {name}"
    changed = today
    with suppress(OverflowError, ValueError, OSError):  # a moment that no calendar has
        changed = date.fromtimestamp(request.source.stat().st_mtime)
    return max(min(changed, today), FIRST_DAY).isoformat(), "the day the file was last changed; --date gives another"


def _as_day(text: str, where: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError(Problem(where, repr(text), "the day of the prices", "write --date YYYY-MM-DD")) from None
    if wanted := too_early(day):
        raise InputError(Problem(where, text, wanted, "correct the year"))
    if day > today:
        fix = "write --date with the day on which the prices were read"
        raise InputError(Problem(where, text, f"a day up to {today.isoformat()}", fix))
    return day.isoformat()


def _in_use(project: Path, today: date) -> str:
    """The file of prices that a project reads; empty where there is none."""
    from tunecase.project import read_project

    if not project.is_file():
        return ""
    return read_project(project, catalog.names(), today=today).prices or ""


def _doubts(provider: str, is_known: bool) -> Iterator[str]:
    if not is_known:
        yield f"the provider is taken from the file's name or folder: {provider}"
