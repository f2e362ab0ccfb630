"""The rules: what a call is, how rings are counted, who is called next. Standard library only; no I/O, no clock,
no word of Asterisk. Everything that touches a socket, a file or a database lives in the rooms next door."""
