"""The Dagster assets, one module per stage, each a thin shell around `domain`, `clients` and `storage`."""
