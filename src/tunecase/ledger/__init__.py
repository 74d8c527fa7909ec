"""The only memory: an append-only, hash-chained file of every record, charge and run."""

from tunecase.ledger.anchor import WRITTEN, Anchor, anchors_in, state_folder
from tunecase.ledger.book import Ledger, NewEntry
from tunecase.ledger.files import locked
from tunecase.ledger.lines import Entry
from tunecase.ledger.tally import TALLY
