"""The town: every outside system as a real server on loopback, with simulated people and machines.

Imports neither `domain` nor `stages`: what is true in the town is never computed by the rules that are judged by it.
"""
