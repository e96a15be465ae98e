"""The rules: pure Python and polars. No Dagster, no network, no clock, no randomness, no settings object."""
