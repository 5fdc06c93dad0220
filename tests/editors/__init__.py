"""Athena in real editors, without our plugin: each asks, answers, reads and takes."""
