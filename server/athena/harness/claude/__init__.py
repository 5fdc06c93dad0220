"""Claude Code, over the stream-json control protocol that its own SDKs use.

Messages and control requests are documented by the type declarations of Anthropic's
`@anthropic-ai/claude-agent-sdk` (`sdk.d.ts`); rules here that come from there name it.
"""
