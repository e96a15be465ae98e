"""The tracking service as the product's specification describes it; only for comparison, never to be exposed."""
