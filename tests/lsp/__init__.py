"""The standard features of the LSP door, spoken to as editors do."""
