"""What optional parts would add to the road of a case, where they are not installed."""

from importlib.util import find_spec

from tunecase.errors import MissingExtraError

CLASSES = "classification"

# What a part adds, its name, packages that it brings, and the task of the cases that it adds it to.
PARTS = (("A stronger pilot, with a small encoder,", "encoder", ("safetensors", "tokenizers"), CLASSES),)


def tell_extras(task: str | None) -> None:
    """Says on standard error what each part that is not here would add to a case, and how to install it.

    Args:
        task: that of the case as it was judged; None where it is not known, and nothing is told.
    """
    from rich.text import Text

    from tunecase.cli.show.paper import console_for

    console = console_for(stderr=True)
    for adds, part, packages, of_task in PARTS:
        if task == of_task and any(find_spec(name) is None for name in packages):
            console.print(Text(str(MissingExtraError(adds, part))), soft_wrap=True)
