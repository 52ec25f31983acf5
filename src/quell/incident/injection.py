"""
What in a text looks like an attempt to give orders to whoever, or whatever, reads it.

Each pattern has a reason that holds for text of machines: no log line has cause to set instructions aside, to mark a
role of a conversation, to ask for hidden text, or to carry a program. Every repetition is bounded, so that a text costs
time in proportion to its length. Words that are merely about such things are left alone.

Sources: Perez and Ribeiro (2022), Ignore Previous Prompt; Greshake et al. (2023), Not what you've signed up for;
Unicode Technical Standard 39 (confusable characters).
"""

from __future__ import annotations

import re
import unicodedata


def orders_in(text: str) -> tuple[str, ...]:
    """Return what a text looks like it tries, in words, each once, in the order of `PATTERNS`."""
    words = folded(text)
    return tuple(dict.fromkeys(flag for flag, pattern in _COMPILED if pattern.search(words)))


def folded(text: str) -> str:
    """Return text with compatibility forms, case, accents, look-alike letters and blank space made the same."""
    if not text.isascii():
        wide = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(c for c in wide if not unicodedata.combining(c)).translate(_LOOKS_LIKE)
    return re.sub(r"[^\S\n]+", " ", text.casefold())


_LOOKS_LIKE = str.maketrans("аеорсухіјѕԁӏαεορυινı’‘", "aeopcyxijsdlaeopuivi''")
"""Cyrillic and Greek letters that look like Latin ones after case folding, and curly quotes."""

_NEAR = r"(?:\W{1,5}\w+){0,4}?\W{1,5}"
_ASK = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass|neglect|overlook|discard|"
    r"(?:do not|don't|stop) (?:follow|obey)(?:ing)?|pay no attention to)"
)
_OF = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|foregoing|former|initial|original|existing|system|your|every|"
    r"all|any|these|those|the)"
)
_RULES = (
    r"(?:instructions?|prompts?|directions?|directives?|guidelines?|rules?|commands?|orders?|constraints?|"
    r"restrictions?|programming|safeguards?|messages?|context|polic(?:y|ies)|training)"
)
_REVEAL = (
    r"(?:reveal|print|show|repeat|output|display|tell me|give me|leak|expose|disclose|recite|spell out|"
    r"what (?:is|are|was|were))"
)
_AI = (
    r"(?:ai|a\.i\.|llm|language model|chat ?bot|assistant|gpt|copilot|"
    r"(?:ai|sre|ops|diagnosis|resolution) agent)s?"
)
_ACTS = r"(?:run|execute|approve|apply|restart|roll ?back|delete|drop|scale|deploy|disable|terminate|call)"
_FETCHES = r"(?:curl|wget|cat|rm|nc|bash|sh|python3?)"

PATTERNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "asks to set instructions aside",
        (
            rf"\b{_ASK}\W{{1,5}}{_OF}{_NEAR}{_RULES}\b",
            rf"\b{_ASK}\W{{1,5}}(?:everything|anything|all|what(?:ever)?)\b.{{0,30}}"
            r"\b(?:above|before|previous(?:ly)?|prior|told|said)\b",
            r"\b(?:new|updated|real|actual) (?:system )?(?:instructions?|task|prompt)\s{0,3}:",
        ),
    ),
    (
        "marks a role",
        (
            r"<\|?/?\s{0,3}(?:im_start|im_end|system|assistant|user|endoftext|begin_of_text|eot_id)\s{0,3}\|?>",
            r"\[/?inst\]|<</?sys>>",
            r"(?:^|\n)\s{0,9}(?:#{1,4} ?)?\[?(?:system|assistant|developer)\]? ?(?:message|prompt)? ?:",
            r"(?:^|\n)\s{0,9}### ?instruction",
            r"\b(?:end|start|begin(?:ning)?) of (?:the )?(?:system )?(?:prompt|instructions|context)\b",
        ),
    ),
    (
        "imitates a tool call",
        (
            r"<\s{0,3}/?\s{0,3}(?:[a-z]{1,20}:)?(?:tool_?call|function_?calls?|invoke|tool_?use|tool_?result)\b",
            r"[\"'](?:tool_calls?|function_call|tool_use)[\"']\s{0,3}:",
        ),
    ),
    (
        "asks for another role",
        (
            r"\b(?:you are|you're|you will be|act as) (?:now |going to (?:be|act as) )?(?:an? |the )?(?:\w+ )?"
            r"(?:dan\b|jailb|unrestricted|unfiltered|uncensored|no longer|free (?:from|of)|evil|rogue)",
            r"\b(?:from now on|henceforth)\W{1,5}(?:\w+\W{1,5}){0,3}?you\b",
            r"\byou are now (?:an?|in|the|my)\b",
            r"\b(?:do anything now|developer mode (?:enabled|on|output)|jailbroken)\b",
            r"\bpretend (?:that )?you (?:are|have|can)\b",
            r"\b(?:without|no|ignor\w+|free (?:from|of)) (?:any |all )?(?:\w+ )?(?:restrictions?|filters?|limitations?|"
            r"censorship|(?:ethical|safety|content) (?:guidelines?|polic(?:y|ies)|constraints?|rules?))\b",
        ),
    ),
    (
        "asks for hidden text",
        (
            rf"\b{_REVEAL}\b{_NEAR}(?:system|initial|original|hidden|secret|above|previous|pre-?) ?(?:\w+ )?"
            r"(?:prompts?|instructions?|messages?|rules?)\b",
            rf"\b{_REVEAL}\b{_NEAR}(?:your|its) (?:exact |full |own )?(?:prompts?|instructions?|guidelines?|rules)\b",
            r"\brepeat (?:back )?(?:everything|all|the (?:words|text|contents?))\b.{0,20}\b(?:above|before|so far)\b",
        ),
    ),
    (
        "asks for a secret",
        (
            rf"\b(?:{_REVEAL}|send|e?mail|post|upload|exfiltrate|share)\b{_NEAR}(?:passwords?|api[ _-]?keys?|"
            r"secret (?:key|code|word)s?|credentials|access (?:code|key|token)s?|private keys?)\b",
        ),
    ),
    (
        "speaks to an agent",
        (
            rf"\b(?:if you(?:'re| are)|as|attention|dear|hey|hello|note to|to)\W{{1,5}}(?:an? |the |any |all )?{_AI}\b"
            r"\W{0,3}(?:reading|process|you|must|please|:|,|!)",
            rf"\b{_AI}\b.{{0,20}}\b(?:must|should|shall|has to|needs to|please)\b.{{0,30}}\b{_ACTS}\b",
        ),
    ),
    (
        "asks to act without approval",
        (
            rf"\b{_ACTS}\b.{{0,60}}\bwithout (?:asking|approval|confirmation|review|waiting)\b",
            rf"\b{_ACTS}\b.{{0,60}}\bno (?:approval|confirmation) (?:is )?(?:needed|required)\b",
            rf"\b{_ACTS}\b.{{0,60}}\bdo not (?:ask|wait)\b",
        ),
    ),
    (
        "fetches from elsewhere",
        (
            r"!\[[^\]\n]{0,200}\]\s{0,3}[(\[]",
            r"\]\([^)\s?]{0,300}\?[^)\s=]{0,300}=",
            r"<img\b[^>]{0,300}\bsrc\b",
        ),
    ),
    (
        "carries a program",
        (
            r"\bdata:[a-z]{1,20}/[a-z0-9.+-]{1,40}[;,]",
            r"\b(?:javascript|vbscript):\S",
            r"<\s{0,3}(?:script|iframe|object|embed)\b",
            r"<\s{0,3}[a-z]{1,20}\b[^>]{0,300}\bon[a-z]{3,20}\s{0,3}=",
        ),
    ),
    (
        "carries a shell command",
        (
            r"\b(?:curl|wget)\b[^\n|]{0,300}\|\s{0,3}(?:sudo )?(?:ba|z|da)?sh\b",
            r"\brm\s{1,3}-[a-z]{0,5}[rf][a-z]{0,5}\s",
            r"\bbase64\s{1,3}(?:-d|--decode)\s{0,3}\|",
            r"\bpowershell(?:\.exe)?\s{1,3}-e|\bnc\s{1,3}-[a-z]{0,5}e\b|/dev/tcp/",
            rf"\$\({_FETCHES}\b|`{_FETCHES}\b[^`\n]{{0,200}}`",
        ),
    ),
    (
        "hides an order in a code",
        (
            r"\b(?:decode|decrypt|base64|rot13)\b.{0,60}\b(?:and|then)\b.{0,30}"
            r"\b(?:execute|follow|run|obey|do (?:it|what)|answer|respond)\b",
        ),
    ),
)
"""What is tried, in words, and how it looks after `folded`."""

_COMPILED = tuple((flag, re.compile("|".join(looks), re.DOTALL)) for flag, looks in PATTERNS)
