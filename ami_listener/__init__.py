"""From the bytes of the Asterisk Manager Interface to signals in business words. What a call means is next door in
`hotline`."""
