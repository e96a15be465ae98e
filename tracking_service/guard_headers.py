"""Headers that keep answers from being cached, sniffed, searched or telling where somebody came from.

What only some answers need (a page's policy, a file's name) stands with those answers.
"""

NO_STORE = ("cache-control", "no-store, no-cache, must-revalidate, max-age=0, private")
NO_SNIFFING = ("x-content-type-options", "nosniff")
GUARD_HEADERS = (
    NO_STORE,
    NO_SNIFFING,
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex, nofollow"),
)
