"""The town's servers: each speaks the real protocol of one outside system on 127.0.0.1."""
