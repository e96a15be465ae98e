"""One outside system per module, speaking its real protocol; rehearsal and live differ in settings only.

Expected trouble ends in a value or a `ClientError`; nothing here decides what an answer means for a lead.
"""
