"""Shards: immutable files of columns, where they lie, and the stages of work that make them from one another."""

from tunecase.data.shards.shard import BrokenShardError, Shard, write_shard
from tunecase.data.shards.stages import Stages
from tunecase.data.shards.store import FolderStore, MemoryStore, Store, open_store
