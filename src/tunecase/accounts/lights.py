"""The lights on the two questions that decide: is the problem well posed, are these the right data?"""

from tunecase.accounts.audit import AUDIT_WORDS
from tunecase.accounts.define import verdict_word
from tunecase.accounts.material import Material
from tunecase.blocks import Light
from tunecase.quantities import sentence


def lights(material: Material) -> tuple[Light, Light]:
    """The words on the two questions that decide."""
    posed, data = "Is the problem well posed?", "Are these the right data?"
    definition, audit = material.definition, material.audit
    return (
        Light(posed, *verdict_word(definition), sentence(definition.reason), "problem")
        if definition
        else Light(posed, "not done", "unknown", "Run `tunecase define`.", "problem"),
        Light(data, *AUDIT_WORDS[audit.verdict], sentence(audit.reason), "data")
        if audit
        else Light(data, "not done", "unknown", "Run `tunecase audit`.", "data"),
    )
