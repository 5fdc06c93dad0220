"""What every door is made of: JSON, envelopes, limits, errors, a bounded connection.

A door adds its framing and its protocol library; nothing here knows pygls or jsonrpcserver.
"""
