"""Asks servers over HTTP: one client with bounds for all of them."""

from tunecase.io.servers.http_client import Bounds, NoReplyError, Reply, exchange, is_local, split_address
