"""Where data lives: the embedded PostgreSQL, the ledger in it, the Parquet warehouse and its IO manager."""
