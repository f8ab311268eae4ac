"""
SMTP.
"""
