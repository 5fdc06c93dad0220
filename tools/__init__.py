"""Programs that build and test Athena; nothing of them is installed with it."""
