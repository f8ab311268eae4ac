"""
From the command line and the configuration file to running services.
"""
