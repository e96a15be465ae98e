"""Running the product: Dagster's home, child processes, the timetable of a rehearsal, and the rehearsal itself.

The only package that knows both the product and the town. Rules, stages and servers are elsewhere.
"""
