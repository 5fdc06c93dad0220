"""Harnesses: the programs that do the work, and how to talk to each of them."""
