"""Use cases: what can be asked of Athena, and what Athena does by itself."""
