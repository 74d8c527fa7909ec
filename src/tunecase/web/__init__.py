"""The report served live on this machine only."""

from tunecase.web.serve import serve

__all__ = ["serve"]
