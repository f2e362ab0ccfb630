"""Tests of `storage`: one file per module, and the contract that every store passes."""
