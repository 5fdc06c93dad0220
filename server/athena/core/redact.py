"""Taking secrets out of texts that leave the machine.

By form, since nobody tells us which words are secret: the keys of well-known services, private
keys, tokens in headers and addresses, and values of variables whose names say what they are.
"""

from __future__ import annotations

import re

HIDDEN = "[redacted]"

# Every repetition is either bounded or cannot begin at many places of one word: a harness may say
# a megabyte without a space, and all others wait meanwhile.
_WHOLE = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \b(?:sk|pk|rk)[-_](?=[-_A-Za-z]{0,99}\d)[-_A-Za-z0-9]{20,}   # OpenAI, Anthropic, Stripe
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[-_A-Za-z0-9]{16,}
    | \bxox[abprs]-[-A-Za-z0-9]{10,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \bAIza[-_A-Za-z0-9]{30,}
    | \bnpm_[A-Za-z0-9]{30,} | \bpypi-[-_A-Za-z0-9]{30,}
    | \bwhsec_[A-Za-z0-9+/=]{16,}
    | \beyJ[-_A-Za-z0-9]{10,4000}+\.[-_A-Za-z0-9]{10,}+\.[-_A-Za-z0-9]*      # a JSON Web Token
    """,
    re.VERBOSE | re.DOTALL,
)

_NAMED = re.compile(
    r"""
    (?P<name>(?:passw(?:or)?d|secret|token|api[-_]?key|access[-_]?key|private[-_]?key)
       [-_A-Za-z0-9]{0,99}+["']?\s*+[=:]\s*["']?)
    (?P<value>[^\s"',;]{4,})
    """,
    re.VERBOSE | re.IGNORECASE,
)

_HEADER = re.compile(r"(?i)\b(authorization\s*:\s*(?:\w+\s+)?|bearer\s+)(?P<value>[^\s\"']{8,})")
_ADDRESS = re.compile(r"(?i)(?P<head>[a-z0-9+.-]://[^\s/:@]*:)(?P<value>[^\s/@]+)@")


def redacted(text: str) -> str:
    """The text without what looks like a secret, in a time that grows with its length."""
    text = _WHOLE.sub(HIDDEN, text)
    text = _ADDRESS.sub(rf"\g<head>{HIDDEN}@", text)
    text = _HEADER.sub(rf"\1{HIDDEN}", text)
    return _NAMED.sub(rf"\g<name>{HIDDEN}", text)
