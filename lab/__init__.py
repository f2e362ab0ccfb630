"""A real Asterisk with real SIP phones on one machine, for the demo, the tests and the benchmarks alike."""
