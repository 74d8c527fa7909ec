"""The audit: runs every check over the data and gathers one verdict."""

from tunecase.data.audit.audit import Audited, Files, Watch, audit, auditing
from tunecase.data.audit.running import Progress, Running
