"""Views: what clients are shown, folded from events. Pure."""
