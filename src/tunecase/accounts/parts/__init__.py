"""The parts of the page under its first screen: the money and the evidence, each figure under what it shows."""

from tunecase.accounts.parts.evidence import evidence
from tunecase.accounts.parts.money import money
