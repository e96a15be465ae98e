"""The SQL behind the management API and the webhooks, one file per noun, each function on an open connection.

Hits do not come here: they have a connection of their own in `store`.
"""
