"""The protocol: its names, its types on the wire, and all that is generated from them."""
