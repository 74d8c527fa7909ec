"""The audit: runs every check over the data and gathers one verdict."""

from tunecase.data.audit.audit import audit

__all__ = ["audit"]
