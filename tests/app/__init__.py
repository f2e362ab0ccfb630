"""Tests of the room that knows everybody: one file per module."""
