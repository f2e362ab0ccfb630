"""Recorded calls: raw manager bytes, what must come of them, and what the phones themselves saw."""
