"""One outside system per module, speaking its real protocol; the same classes in rehearsal and live, only settings differ.

Expected trouble ends in a value or a `ClientError`; nothing here decides what an answer means for a lead.
"""
