"""What can go wrong with a measurement: one line that says what, where and what to do."""


class BenchError(Exception):
    """The measurement could not be made, or what it measures went wrong."""
