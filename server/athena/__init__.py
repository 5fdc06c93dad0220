"""Athena runs coding-agent harnesses side by side and records all they do as events."""

__version__ = "0.1.0"
