"""The report served live on this machine only, to those who have its token."""

from tunecase.web.serve import serve

__all__ = ["serve"]
