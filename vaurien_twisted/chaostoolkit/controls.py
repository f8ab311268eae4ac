# -*- test-case-name: tests.chaostoolkit.test_activities -*-
"""
A control for Chaos Toolkit.  With it, everything that an experiment has set is lifted at its end,
on each way out, and some seconds after C{chaos} was killed; and the experiment's journal gets
C{vaurien}, what Vaurien decided and did.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping

from chaoslib.exceptions import InterruptExecution

from vaurien_twisted.chaostoolkit.sessions import SESSIONS
from vaurien_twisted.client.blocking import ClientError
from vaurien_twisted.client.held_lease import LEASE

__all__ = ["after_experiment_control", "before_experiment_control"]

#: Chaos Toolkit itself shows what a control raises only with C{--verbose}.
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
    @param url: of the control service, as for actions.
    @param lease: how many seconds after the end of C{chaos} its faults are lifted, however it
        ends.
    @raise InterruptExecution: there is no Vaurien; the experiment does not begin.
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
    Lift the faults, delete the proxies that were created, and change the others back.

    @param context: the experiment.
    @param state: its journal.
    """
    session = SESSIONS.of(configuration, secrets, url)
    try:
        if state is not None and session.lease:
            told = state.setdefault("vaurien", [])
            if isinstance(told, list):
                told.append({"url": session.client.url, "journal": session.journal()})
    except ClientError as error:
        _logger.error("Cannot read the journal of Vaurien: %s", error.reason)
    finally:
        try:
            SESSIONS.end(session)
        except ClientError as error:
            _logger.error("Cannot restore the state of Vaurien: %s", error.reason)
