# -*- test-case-name: tests.experiments.test_run -*-
"""
Steps, faults and conditions in a few words, for timelines and reports.
"""

from __future__ import annotations

from vaurien_twisted.experiments import conditions, steps
from vaurien_twisted.experiments.faults import Fault, FlapSpec, RampSpec, RestartSpec, WaveSpec


def describe(step: steps.Step) -> str:
    """
    A step in words, for the timeline and the report.
    """
    match step:
        case steps.Hold():
            return "nothing changes"
        case steps.Set(set=fault):
            return describeFault(fault)
        case steps.Ramp(ramp=ramp):
            values = f"from {ramp.from_:g} to {ramp.to:g}"
            return f"{ramp.behavior} {ramp.option} {values}{_on(ramp)}"
        case steps.Wave(wave=wave):
            values = f"between {wave.low:g} and {wave.high:g}"
            form = f"a {wave.shape} of {wave.period:g} s"
            return f"{wave.behavior} {wave.option} {values}, {form}{_on(wave)}"
        case steps.Flap(flap=flap):
            times = f"{flap.up:g} s up, {flap.down:g} s down"
            return f"{flap.behavior}: {times}{_on(flap)}"
        case steps.Restart(restart=restart):
            times = f"down for {restart.down:g} s, slow for {restart.slow:g} s"
            return f"restart: {times}{_on(restart)}"
        case steps.Schedule(schedule=schedule):
            every = schedule.every
            times = f"every {every:g} s" if every is not None else schedule.cron
            return f"{times}: " + ", ".join(describe(each) for each in schedule.do)
        case steps.Wait(wait=wait):
            return f"wait until {describeCondition(wait.until)}"
        case steps.Run(run=run):
            return f"run {run.command}"
        case steps.Call(call=request):
            return f"{request.method} {request.url}"
        case _:
            return step.KEY


def _on(spec: Fault | RampSpec | WaveSpec | FlapSpec | RestartSpec) -> str:
    """
    The proxies, and the share of the services, that a step affects.
    """
    proxies = f" on {', '.join(spec.proxy)}" if spec.proxy else ""
    return proxies + (f" on {spec.share * 100:g} % of the services" if spec.share < 1 else "")


def describeFault(fault: Fault) -> str:
    """
    A fault in a few words.
    """
    where = _on(fault)
    if fault.behavior:
        options = "".join(f" {name}={value}" for name, value in fault.options.items())
        share = f"{fault.percent:g} % " if fault.percent is not None else ""
        return f"{share}{fault.behavior}{options}{where}"
    if fault.rules:
        return f"{len(fault.rules)} rules{where}"
    if fault.toxics:
        return ", ".join(str(toxic.get("type")) for toxic in fault.toxics) + where
    if fault.backend:
        return f"backend {fault.backend}{where}"
    return ("enabled" if fault.enabled else "disabled") + where


def describeCondition(condition: conditions.Condition) -> str:
    """
    A condition in words: its name in the file, otherwise what it requires.
    """
    if condition.name:
        return condition.name
    match condition:
        case conditions.Quantile(quantile=share, below=below):
            return f"{share * 100:g} % of exchanges take under {below:g} s"
        case conditions.Rate(rate=rate):
            return f"at least {rate:g} exchanges a second"
        case conditions.Errors(errors=share):
            return f"at most {share * 100:g} % of exchanges fail{_which(condition)}"
        case conditions.ErrorRate(error_rate=rate):
            return f"at most {rate:g} exchanges a second fail{_which(condition)}"
        case conditions.Connections(connections=count):
            return f"at most {count} open connections"
        case conditions.Recovery(recovery=seconds, after=phase, below=below, share=share):
            return (
                f"{share * 100:g} % of exchanges take under {below:g} s again "
                f"within {seconds:g} s after {phase!r}"
            )
        case conditions.Probe(probe=request):
            return f"{request.method} {request.url} is answered well"
        case conditions.PromQL(promql=query, above=above, below=below):
            bounds = [
                f"{word} {bound:g}"
                for word, bound in (("above", above), ("below", below))
                if bound is not None
            ]
            return f"{query} is {' and '.join(bounds) or 'there'}"
        case conditions.Command(command=command):
            return f"`{command}` succeeds"


def _which(condition: conditions.Errors | conditions.ErrorRate) -> str:
    """
    The errors that count, in words.
    """
    commands = f" of {' or '.join(condition.command)}" if condition.command else ""
    return commands + (f" with {' or '.join(condition.code)}" if condition.code else "")
