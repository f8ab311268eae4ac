# -*- test-case-name: tests.transports.test_unix_sockets -*-
"""
UNIX sockets that listen on a path, where an old socket may have been left.

The file of a UNIX socket outlives its process.  Twisted removes it if the lock beside it, a
symbolic link to a process number, names a process that has ended.  That fails where the number
is in use again, as number 1 is in each container, and where there is no lock.  So the socket
itself is asked: if nobody listens, connecting is refused (unix(7)).
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

#: What L{UNIXServerEndpoint} puts beside the socket.
LOCK = ".lock"


@implementer(IStreamServerEndpoint)
class PathServerEndpoint:
    """
    Listens on a path.  A symbolic link is followed, and stays.

    @param backlog: how many connections may wait to be accepted.
    @param mode: the mode of the file.
    @param locks: whether to put a lock beside it, for other programs of Twisted's.
    """

    def __init__(
        self, reactor: IServerReactor, path: str, backlog: int, mode: int, locks: bool
    ) -> None:
        self._reactor = reactor
        self._path = path
        self._more = backlog, mode, locks

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen, after removing a socket on which nobody listens; or fail with
        L{CannotListenError}.
        """
        # A socket cannot be made through a symbolic link (bind(2)).
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
    # A reactor in memory makes no file.
    # A daemon is in another folder at its end.
    return port if own is None else PathPort(port, os.path.abspath(path), locks, own)


def freePath(path: str, locks: bool) -> None:
    """
    Remove a socket on which nobody listens, and its lock.

    @raise OSError: somebody listens, or what is there is no socket, or may not be removed.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        found = None
    if found is not None:
        if not stat.S_ISSOCK(found.st_mode):
            raise FileExistsError(errno.EEXIST, "a file that is no socket is there")
        if isAnswered(path):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    if locks and os.path.islink(path + LOCK):
        os.unlink(path + LOCK)
    if found is not None:
        os.unlink(path)


def isAnswered(path: str) -> bool:
    """
    Whether somebody listens on the socket at C{path}, by a connection that is closed at once.

    @raise OSError: there is no permission to connect.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        code = probe.connect_ex(path)
    if code in (errno.EACCES, errno.EPERM):
        raise OSError(code, os.strerror(code))
    return code not in (errno.ECONNREFUSED, errno.ENOENT)


class PathPort(OpenPort):
    """
    A port that listens on a path.  At its end it removes the socket's file if that is still
    its own: somebody may have removed it, and somebody else put another in its place.

    @param port: Twisted's port.
    @param locks: whether there is a lock beside the file.
    @param own: the device and the number of the file.
    """

    def __init__(self, port: IListeningPort, path: str, locks: bool, own: tuple[int, int]) -> None:
        super().__init__(port)
        self._path = path
        self._locks = locks
        self._own = own

    def closed(self) -> None:
        """
        Remove the file, and the lock beside it.
        """
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
