"""Tests with a real Asterisk, real phones, and the service as a process of its own."""
