"""JSON-RPC 2.0 in lines, for scripts and our own command line; the only user of jsonrpcserver."""
