"""Tests of compute.doubt."""
