"""Placeholder addresses in a draft that the outreach queue replaces by signed links.

A draft is a pure function and has no key, so it cannot sign. `.invalid` never resolves, so a forgotten one is harmless.
"""

OFFER = "https://links.invalid/offer"
UNSUBSCRIBE = "https://links.invalid/unsubscribe"
PIXEL = "https://links.invalid/pixel.gif"
# Where the HTML part speaks of the proposal, attached or linked; the text part does so after the OFFER.
PROPOSAL_SLOT = "<!--proposal-->"
ALL = (OFFER, UNSUBSCRIBE, PIXEL)
