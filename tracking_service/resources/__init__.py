"""The public resources, one noun each; every one gets what it needs in its constructor."""
