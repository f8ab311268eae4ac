"""
What is written down: the journal, the counters, the log.
"""
