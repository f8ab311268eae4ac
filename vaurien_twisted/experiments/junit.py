# -*- test-case-name: tests.experiments.test_reports -*-
"""
A report as JUnit XML for CI systems: a test case for each condition and phase.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from vaurien_twisted.experiments.verdict import BROKEN, HELD


def junit(report: Mapping[str, object]) -> bytes:
    """
    The document.  A broken condition is a failure; one that could not be judged, and an
    experiment that was halted, is an error.
    """
    title = str(report["title"] or "experiment")
    cases: list[Element] = []
    conditions = report["conditions"]
    assert isinstance(conditions, list)
    for condition in conditions:
        for judged in condition["judged"]:
            case = Element(
                "testcase",
                classname=title,
                name=_clean(f"{condition['condition']} ({judged['phase']})"),
                time="0",
            )
            if judged["outcome"] != HELD:
                kind = "failure" if judged["outcome"] == BROKEN else "error"
                SubElement(case, kind, message=_clean(judged["measured"]), type=judged["outcome"])
            cases.append(case)
    if report["outcome"] == "halted":
        case = Element("testcase", classname=title, name="the experiment ended", time="0")
        SubElement(case, "error", message=_clean(str(report["reason"])), type="halted")
        cases.append(case)
    load = report["load"]
    if isinstance(load, Mapping) and load:
        case = Element(
            "testcase", classname=title, name=_clean(f"load: {load['command']}"), time="0"
        )
        if not load["good"]:
            SubElement(case, "failure", message=f"status {load['status']}", type=BROKEN)
        SubElement(case, "system-out").text = _clean(str(load["output"]))
        cases.append(case)
    suite = Element(
        "testsuite",
        name=_clean(title),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        time=f"{report['seconds']:.3f}",
    )
    suite.extend(cases)
    document = Element("testsuites")
    document.append(suite)
    text: str = tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _clean(text: str) -> str:
    """
    Text without the characters that XML 1.0 (section 2.2) does not allow.
    """
    return "".join(
        letter if letter in "\t\n" or (letter >= " " and letter not in "\ufffe\uffff") else "?"
        for letter in text
        if not "\ud800" <= letter <= "\udfff"
    )
