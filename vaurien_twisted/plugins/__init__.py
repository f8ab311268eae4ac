"""
Where other packages put their behaviors and wire protocols: a module in a folder
C{vaurien_twisted/plugins} of theirs (without an C{__init__.py}) whose top level holds
providers of L{IBehavior<vaurien_twisted.interfaces.IBehavior>} or
L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>}.
"""

from twisted.plugin import pluginPackagePaths

__path__.extend(pluginPackagePaths(__name__))
__all__: list[str] = []
