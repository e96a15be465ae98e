"""The public door: open pixel, click redirect, unsubscribe, health; and the small pure modules both packages need.

Nothing here imports `leadgen_assets`, Dagster, polars or DuckDB.
"""
