"""Measurements: speed against others, memory, load on a real PBX, a long soak. `python -m bench` runs and prints them."""
