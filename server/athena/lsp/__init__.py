"""LSP for editors; the only package that knows pygls."""
