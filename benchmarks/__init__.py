"""Measurements of the product, each a program of its own; nothing in the product imports them."""
