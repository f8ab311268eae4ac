# -*- test-case-name: tests.transports.test_unix_sockets -*-
"""
UNIX sockets that listen on a path, and what somebody has left there.

The file of a UNIX socket outlives its process.  Twisted takes it away if the lock beside it,
a symbolic link to a process number, names a process that has ended.  That does not do where
the number lives again, as number 1 does in each container, nor where there is no lock.  So we
ask the socket itself: where nobody listens, connecting is refused (unix(7)).
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import UNIXServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer

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

    def __init__(self, reactor: Any, path: str, backlog: int, mode: int, locks: bool) -> None:
        self._reactor = reactor
        self._path = path
        self._more = backlog, mode, locks

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen, after taking away a socket on which nobody listens; or fail with
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
    Take away a socket on which nobody listens, and its lock.

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
    Whether somebody listens on the socket at C{path}.  Who does sees a connection that is
    closed at once.

    @raise OSError: that cannot be found out, for want of permission.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        code = probe.connect_ex(path)
    if code in (errno.EACCES, errno.EPERM):
        raise OSError(code, os.strerror(code))
    return code not in (errno.ECONNREFUSED, errno.ENOENT)


@implementer(IListeningPort)
class PathPort:
    """
    A port that listens on a path, and takes away at its end what is still its own there:
    somebody may have removed the socket, and somebody else put another in its place.

    @param port: Twisted's.
    @param own: the device and the number of the file.
    """

    def __init__(self, port: Any, path: str, locks: bool, own: tuple[int, int]) -> None:
        self._port = port
        self._path = path
        self._locks = locks
        self._own = own

    def startListening(self) -> None:
        """
        It does already.
        """

    def stopListening(self) -> None:
        """
        Accept no more; the path is free when this returns.
        """
        port, self._port = self._port, None
        if port is None:
            return
        port.stopReading()
        port.socket.close()
        with suppress(OSError):
            self._takeAway()
        port.factory.doStop()

    def _takeAway(self) -> None:
        there = _identity(self._path)
        if there not in (None, self._own):
            return
        lock = self._path + LOCK
        if self._locks and os.path.islink(lock) and os.readlink(lock) == str(os.getpid()):
            os.unlink(lock)
        if there is not None:
            os.unlink(self._path)

    def getHost(self) -> IAddress:
        """
        Where it listens.

        @raise RuntimeError: it does not.
        """
        if self._port is None:
            raise RuntimeError("the port is not listening")
        host: IAddress = self._port.getHost()
        return host


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
