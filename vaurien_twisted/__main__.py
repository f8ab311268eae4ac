"""
C{python -m vaurien_twisted} is the command C{vaurien}.
"""

from vaurien_twisted.app.start import main

main()
