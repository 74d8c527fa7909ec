"""Tests of the conductor: one file for each module of flow."""
