"""Tests of `rolebook.decision`."""
