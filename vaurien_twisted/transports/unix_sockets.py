# -*- test-case-name: tests.transports.test_unix_sockets -*-
"""
Listens on UNIX sockets, also where an ended process has left its socket.

The file of a UNIX socket remains when its process ends.  Twisted removes it if the process named by
the lock, a symbolic link next to it, has ended.  That fails if another process has the same number,
as with number 1 in containers, and if there is no lock.  So this module connects to the socket: if
no process listens on it, the connection is refused (unix(7)).
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress

from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import UNIXServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.transports.ports import OpenPort

#: The suffix of the lock that L{UNIXServerEndpoint} creates beside the socket.
LOCK = ".lock"


@implementer(IStreamServerEndpoint)
class PathServerEndpoint:
    """
    Listens on a path.  If the path is a symbolic link, the socket is created at its target.

    @param backlog: how many connections may wait to be accepted.
    @param mode: the permissions of the socket's file.
    @param locks: whether to create a lock beside it, which other Twisted programs respect.
    """

    def __init__(
        self, reactor: IServerReactor, path: str, backlog: int, mode: int, locks: bool
    ) -> None:
        self._reactor = reactor
        self._path = path
        self._more = backlog, mode, locks

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen.  Removes a socket on which no process listens.

        @return: fails with L{CannotListenError}.
        """
        # A socket cannot be created through a symbolic link (bind(2)).
        path = os.path.realpath(self._path) if os.path.islink(self._path) else self._path
        backlog, mode, locks = self._more
        try:
            freePath(path, locks)
        except OSError as error:
            return fail(CannotListenError(None, path, error))
        endpoint = UNIXServerEndpoint(self._reactor, path, backlog, mode, locks)
        listening: Deferred[IListeningPort] = endpoint.listen(protocolFactory)
        return listening.addCallback(_around, path, locks)


def _around(port: IListeningPort, path: str, locks: bool) -> IListeningPort:
    own = _identity(path)
    # A reactor in memory creates no file.  The path is made absolute because a daemon changes its
    # folder.
    return port if own is None else PathPort(port, os.path.abspath(path), locks, own)


def freePath(path: str, locks: bool) -> None:
    """
    Remove a socket on which no process listens, and its lock.

    @param locks: whether to remove the lock.
    @raise OSError: a process listens on it, it is not a socket, or removing it is not permitted.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        found = None
    if found is not None:
        if not stat.S_ISSOCK(found.st_mode):
            raise FileExistsError(errno.EEXIST, "a file that is not a socket is there")
        if isAnswered(path):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    if locks and os.path.islink(path + LOCK):
        os.unlink(path + LOCK)
    if found is not None:
        os.unlink(path)


def isAnswered(path: str) -> bool:
    """
    Whether a process listens on the socket at C{path}.  Connects to it, and closes the connection
    at once.

    @raise OSError: there is no permission to connect.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        code = probe.connect_ex(path)
    if code in (errno.EACCES, errno.EPERM):
        raise OSError(code, os.strerror(code))
    return code not in (errno.ECONNREFUSED, errno.ENOENT)


class PathPort(OpenPort):
    """
    A port that listens on a path.  When it stops, it removes the socket's file, unless another
    process has replaced the file meanwhile.

    @param port: the Twisted port that listens.
    @param locks: whether there is a lock beside the file.
    @param own: the device number and the inode number of the file.
    """

    def __init__(self, port: IListeningPort, path: str, locks: bool, own: tuple[int, int]) -> None:
        super().__init__(port)
        self._path = path
        self._locks = locks
        self._own = own

    def closed(self) -> None:
        with suppress(OSError):
            self._remove()

    def _remove(self) -> None:
        found = _identity(self._path)
        if found not in (None, self._own):
            return
        lock = self._path + LOCK
        if self._locks and os.path.islink(lock) and os.readlink(lock) == str(os.getpid()):
            os.unlink(lock)
        if found is not None:
            os.unlink(self._path)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
