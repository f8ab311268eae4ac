"""
What is read off a running Vaurien: Prometheus and statsd.
"""
