"""
WebSocket (RFC 6455): frames, messages and their faults, whatever protocol was upgraded.
"""
