# -*- test-case-name: tests.chaostoolkit.test_activities -*-
"""
A control for Chaos Toolkit.  It removes everything that an experiment has set, however the
experiment ends, also some seconds after C{chaos} was killed.  It adds Vaurien's journal to that of
the experiment, as C{vaurien}.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping

from chaoslib.exceptions import InterruptExecution

from vaurien_twisted.chaostoolkit.sessions import SESSIONS
from vaurien_twisted.client.blocking import ClientError
from vaurien_twisted.client.held_lease import LEASE

__all__ = ["after_experiment_control", "before_experiment_control"]

#: Chaos Toolkit logs exceptions of controls only with C{--verbose}.
_logger = logging.getLogger("chaostoolkit")


def before_experiment_control(
    context: Mapping[str, object],
    url: str = "",
    lease: float = LEASE,
    configuration: Mapping[str, object] | None = None,
    secrets: Mapping[str, object] | None = None,
) -> None:
    """
    Take the lease under which faults are set.

    @param context: the experiment.
    @param url: the URL of the control service, as for actions.
    @param lease: the time in seconds after which faults are removed if C{chaos} was killed.
    @raise InterruptExecution: Vaurien does not answer; the experiment does not begin.
    """
    try:
        SESSIONS.begin(SESSIONS.of(configuration, secrets, url), lease)
    except ClientError as error:
        raise InterruptExecution(error.reason) from error


def after_experiment_control(
    context: Mapping[str, object],
    state: MutableMapping[str, object] | None = None,
    url: str = "",
    lease: float = LEASE,
    configuration: Mapping[str, object] | None = None,
    secrets: Mapping[str, object] | None = None,
) -> None:
    """
    Remove the faults, delete the proxies that were created, and restore the others.

    @param context: the experiment.
    @param state: the journal of the experiment.
    """
    session = SESSIONS.of(configuration, secrets, url)
    try:
        if state is not None and session.lease:
            found = state.setdefault("vaurien", [])
            if isinstance(found, list):
                found.append({"url": session.client.url, "journal": session.journal()})
    except ClientError as error:
        _logger.error("Cannot read the journal of Vaurien: %s", error.reason)
    finally:
        try:
            SESSIONS.end(session)
        except ClientError as error:
            _logger.error("Cannot restore the state of Vaurien: %s", error.reason)
