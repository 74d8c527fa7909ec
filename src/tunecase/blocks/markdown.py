"""Text of records in Markdown: shown as it is, whatever is in it."""

import re

from tunecase.quantities import one_line

MARKED = set("\\`*_{}[]<>#|~@&!$")
LISTED = re.compile(r"[-+]\s|-{2,}$|=+$|\d{1,9}[.)](\s|$)")  # begins a list, or underlines a heading


def shown(text: str) -> str:
    """Text on one line that Markdown shows as it is: no mark-up, no list, no link, and no one is called.

    Example:
        >>> shown("1. a_b"), shown("- x")
        ('1&#46; a&#95;b', '&#45; x')
    """
    line = one_line(text)
    flat = "".join(f"&#{ord(char)};" if char in MARKED else char for char in line)
    # A host looks for names, numbers of issues and addresses once more in what is shown.
    flat = flat.replace("&#64;", "&#64;&#8203;").replace("&#35;", "&#35;&#8203;")
    flat = flat.replace("://", "&#58;&#8203;//").replace("www.", "www&#8203;.")
    if LISTED.match(line):
        return re.sub("[-+=.)]", lambda sign: f"&#{ord(sign[0])};", flat, count=1)
    return flat
