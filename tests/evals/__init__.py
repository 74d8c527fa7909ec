"""Tests of the readers of evaluation logs."""
