"""The Dagster code location of Leadgen: stages, rules, clients, storage and the rehearsal.

Deliberately free of imports, so that the sender and the command line start without loading Dagster.
"""
