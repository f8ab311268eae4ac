"""
Metrics of a running Vaurien: Prometheus and statsd.
"""
