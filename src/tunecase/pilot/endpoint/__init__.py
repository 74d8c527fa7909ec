"""Asks a model behind an OpenAI-compatible endpoint."""

from tunecase.pilot.endpoint.client import Endpoint, check
