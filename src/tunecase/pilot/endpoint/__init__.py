"""Asks a model behind an OpenAI-compatible endpoint."""

from tunecase.pilot.endpoint.client import Endpoint, check
from tunecase.pilot.endpoint.wire import is_local

__all__ = ["Endpoint", "check", "is_local"]
