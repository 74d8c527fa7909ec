"""How far a run may lie from its prediction: choices that nobody stated, and what strangers' runs showed."""

from tunecase.compute.doubt.abroad import SAMPLED_STEP, Abroad, Effect, shipped
from tunecase.compute.doubt.bands import Band, peak_band, speed_band
from tunecase.compute.doubt.ways import Way, ways
from tunecase.compute.doubt.widest import widest
