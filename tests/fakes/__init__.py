"""Stand-ins that behave like the real thing and pass its contract suite."""
