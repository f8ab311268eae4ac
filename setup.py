"""
Packaging; what is declared is in setup.cfg.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.egg_info import egg_info


class OwnNames(egg_info):
    """
    Name only what is this package's own at the top: it adds a module to C{twisted.plugins}, but
    whoever looks for the package by the distribution's name, as Chaos Toolkit does, must not
    find Twisted.
    """

    def find_sources(self) -> None:
        super().find_sources()
        Path(self.egg_info, "top_level.txt").write_text("vaurien_twisted\n")


setup(cmdclass={"egg_info": OwnNames})
