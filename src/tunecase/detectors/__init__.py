"""Detectors find personal data and secrets in texts; they judge nothing and import no check."""

from tunecase.detectors import personal, secrets
from tunecase.detectors.personal import masked

__all__ = ["masked", "personal", "secrets"]
