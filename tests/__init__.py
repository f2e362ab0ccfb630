"""Tests of everything; the folders mirror the rooms of the house."""
