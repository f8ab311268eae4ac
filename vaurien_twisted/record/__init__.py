"""
Records: the journal, the counters and the log.
"""
