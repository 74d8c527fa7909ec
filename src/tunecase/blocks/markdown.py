"""Text of records in Markdown: shown as it is, whatever is in it."""

import re

from tunecase.quantities import one_line

MARKED = set("\\`*_{}[]<>#|~@&!$\u200b")
# What a host makes a link, a call or a picture of in text that is shown: names, numbers, addresses, :pictures:.
CALLED = re.compile(r"(?i)[@#]|[!&~%$](?=\d)|\bgh-(?=\d)|\bwww(?=\.)|:(?=//|[\w+-]{1,41}:)")
LISTED = re.compile(r"[-+]\s|-{2,}$|=+$|\d{1,9}[.)](\s|$)")  # begins a list, or underlines a heading


def shown(text: str) -> str:
    """Text on one line that Markdown shows as it is: no mark-up, no list, no link, and no one is called.

    Example:
        >>> shown("1. a_b"), shown("- x")
        ('1&#46; a&#95;b', '&#45; x')
    """
    line = one_line(text)
    parted = CALLED.sub("\\g<0>\u200b", line)
    flat = "".join(f"&#{ord(char)};" if char in MARKED else char for char in parted).replace(":&#8203;", "&#58;&#8203;")
    if LISTED.match(line):
        return re.sub("[-+=.)]", lambda sign: f"&#{ord(sign[0])};", flat, count=1)
    return flat
