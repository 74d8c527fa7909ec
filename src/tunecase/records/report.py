"""What report wrote."""

from dataclasses import dataclass, field

from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Report(Tabular):
    """The files written, and the one line that answers."""

    answer: str
    html: str
    markdown: str
    json: str
    sections: tuple[str, ...] = field(default=())
