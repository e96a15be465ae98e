"""The process that hands messages to the mail server.

Imports neither Dagster nor polars, so that it starts at once and stays small.
"""
