"""Killing the daemon hundreds of times, and comparing what is left with an undisturbed run."""
