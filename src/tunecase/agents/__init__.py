"""The face for agents: a server of the Model Context Protocol over standard input and output, read-only by default."""

from tunecase.agents.answers import Answer
from tunecase.agents.server import serve
from tunecase.agents.worker import work
