"""What optional parts would add to the road, where they are not installed."""

from importlib.util import find_spec

from tunecase.errors import MissingExtraError

# What a part adds, its name, and packages that it brings.
PARTS = (("A stronger pilot, with a small encoder,", "encoder", ("safetensors", "tokenizers")),)


def tell_extras() -> None:
    """Says on standard error what each part that is not here would add to the road, and how to install it."""
    from rich.text import Text

    from tunecase.cli.show.paper import console_for

    console = console_for(stderr=True)
    for adds, part, packages in PARTS:
        if any(find_spec(name) is None for name in packages):
            console.print(Text(str(MissingExtraError(adds, part))), soft_wrap=True)
