"""The driver of every harness that speaks the Agent Client Protocol (ACP v1)."""
