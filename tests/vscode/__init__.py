"""The VS Code client in a real workbench (code-server), driven in a real browser."""
