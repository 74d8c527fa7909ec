"""The forms of a case as they are drawn: empty, or as they came back with what was typed and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunecase.quantities import spelled
from tunecase.web.views import FIELDS, Filled

# The trainers that the form offers, by the names that the pilot knows, and what each takes.
OFFERED = (
    ("", "tunecase chooses: a small encoder where one is on this machine, else word counts"),
    ("probe", "Word counts and a linear model: seconds a run"),
    ("encoder", "A small encoder: about a minute"),
    ("encoder-tuned", "A small encoder, all of it trained: minutes a run"),
    ("lora", "The language model itself: hours without a GPU"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """One form: what stands in its fields, the mistake of each, those of none, and what its last sending did."""

    id: str
    typed: Mapping[str, str] = field(default_factory=dict)
    mistakes: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    done: str = ""
    confirm: tuple[str, ...] = ()
    held: str = ""

    @property
    def first(self) -> str:
        """The first field with a mistake, which gets the focus; empty where no field has one."""
        return next((name for name in FIELDS[self.id] if name in self.mistakes), "")

    @property
    def trouble(self) -> str:
        """How many things are wrong; empty where none is.

        Example:
            >>> Form("charge", mistakes={"amount": "not clear"}).trouble
            'Nothing was done: one thing is wrong.'
        """
        wrong = len(self.mistakes) + len(self.others)
        words = f"{spelled(wrong)} {'thing is' if wrong == 1 else 'things are'} wrong"
        return f"Nothing was done: {words}." if wrong else ""

    @property
    def came_back(self) -> bool:
        """Whether it has anything to say of its last sending."""
        return bool(self.mistakes or self.others or self.done or self.confirm)


def form_of(id: str, filled: Filled | None) -> Form:
    """A form, filled where it is the one that came back."""
    if filled is None or filled.form != id:
        return Form(id)
    beside = {name: words for name, words in filled.mistakes.items() if name in FIELDS[id]}
    others = tuple(words for name, words in filled.mistakes.items() if name not in FIELDS[id])
    return Form(id, filled.typed, beside, others, filled.done, filled.confirm, filled.held)
