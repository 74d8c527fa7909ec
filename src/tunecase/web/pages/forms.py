"""The forms of a case as they are drawn."""

from tunecase.web.views import Filled

# The trainers that the form offers, by the names that the pilot knows, and what each takes.
OFFERED = (
    ("", "tunecase chooses: a small encoder where one is on this machine, else word counts"),
    ("probe", "Word counts and a linear model: seconds a run"),
    ("encoder", "A small encoder: about a minute"),
    ("encoder-tuned", "A small encoder, all of it trained: minutes a run"),
    ("lora", "The language model itself: hours without a GPU"),
)


def form_of(id: str, filled: Filled | None) -> Filled:
    """A form, filled where it is the one that came back."""
    return filled if filled is not None and filled.form == id else Filled(id)
