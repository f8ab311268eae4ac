# -*- test-case-name: tests.ctl.test_proxies,tests.ctl.test_normal -*-
"""
The faults in force on proxies, as text for C{vaurienctl}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from vaurien_twisted.ctl.output import optionWords, table
from vaurien_twisted.model.json_types import JSONObject


def inForce(proxy: JSONObject) -> list[str]:
    """
    All that has an effect on a proxy, a few words for each: C{20:error}, C{toxic
    latency_downstream}, C{connection 3: hang}.

    @param proxy: the proxy in the answer of C{GET /state}; that of older services has fewer
        members.
    """
    rules = [rule for rule in proxy.get("rules", []) if rule.get("behavior") != "dummy"]
    words = [_ruleWords(rule) for rule in rules]
    words += [f"toxic {toxic['name']}" for toxic in proxy.get("toxics", [])]
    for own in proxy.get("own", []):
        alone = ", ".join(map(_ruleWords, own["rules"])) or "no fault"
        words.append(f"connection {own['connection']}: {alone}")
    return words


def _ruleWords(rule: JSONObject) -> str:
    if "draw" in rule:
        return ",".join(map(_ruleWords, rule["draw"]))
    percent = rule.get("percent", 100)
    share = "" if percent == 100 else f"{percent:g}:"
    name = f" ({rule['name']})" if rule.get("name") else ""
    return f"{share}{rule['behavior']}{name}"


def formatProxies(proxies: JSONObject, states: Iterable[JSONObject] = ()) -> str:
    """
    Proxies by name: a table, or their names.

    @param states: their members in the answer of C{GET /state}.
    """
    if not sys.stdout.isatty():
        return "\n".join(proxies)
    if not proxies:
        return "there are none"
    known: dict[str, JSONObject] = {state["name"]: state for state in states}
    return table(
        [
            ("NAME", "LISTEN", "UPSTREAM", "PROTOCOL", "ENABLED", "IN FORCE"),
            *(
                (
                    name,
                    str(proxy["listen"]),
                    str(proxy["upstream"]),
                    str(proxy.get("protocol", "")),
                    "yes" if proxy["enabled"] else "no",
                    "; ".join(inForce(known.get(name) or proxy)),
                )
                for name, proxy in proxies.items()
            ),
        ]
    )


def formatProxy(proxy: JSONObject) -> str:
    """
    One proxy, with its toxics, its rules and those of single connections.
    """
    if not sys.stdout.isatty():
        return json.dumps(proxy, indent=2)
    words = [f"{name}={json.dumps(proxy[name])}" for name in ("listen", "upstream", "enabled")]
    lines = [f"{proxy['name']}  {proxy.get('protocol', '')}  {'  '.join(words)}"]
    if proxy.get("lease"):
        lines.append(f"  lease {proxy['lease']}: the proxy is deleted when it ends")
    lines += [f"  toxic {_toxic(toxic)}" for toxic in proxy["toxics"]]
    lines += [f"  rule {json.dumps(rule)}" for rule in proxy.get("rules", [])]
    for own in proxy.get("own", []):
        lines += [f"  connection {own['connection']} rule {json.dumps(r)}" for r in own["rules"]]
    return "\n".join(lines)


def _toxic(toxic: JSONObject) -> str:
    words = [f"{key}={text}" for key, text in optionWords(toxic["attributes"], False)]
    share = [] if toxic["toxicity"] == 1 else [f"toxicity={toxic['toxicity']:g}"]
    return "  ".join([toxic["name"], toxic["type"], toxic["stream"], *share, *words])
