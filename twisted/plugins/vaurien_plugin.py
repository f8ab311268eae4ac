"""
C{twistd vaurien}.
"""

from twisted.application.service import ServiceMaker

vaurien = ServiceMaker(
    "Vaurien", "vaurien_twisted.app.tap", "A TCP proxy that misbehaves on request.", "vaurien"
)
