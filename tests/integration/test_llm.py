"""
The clients of OpenAI and Anthropic behind a proxy: what they raise, and what they try again.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.integration.http2_stub import HTTP2Stub
from tests.integration.llm_stub import TEXT, Stub, anthropicEvents, openaiEvents
from tests.integration.ruling import fault, rule
from tests.integration.servers import poll
from tests.integration.support import PATIENCE, ProxyCase, inThread, optional, theReactor
from tests.relays.edited import Answer

openai: Any = optional("openai")
anthropic: Any = optional("anthropic")

#: The name of what each client raises for each preset, and whether it tries again.
OPENAI = {
    "rate_limit": ("RateLimitError", True),
    "insufficient_quota": ("RateLimitError", True),
    "context_length": ("BadRequestError", False),
    "server_error": ("InternalServerError", True),
    "overloaded": ("InternalServerError", True),
}
ANTHROPIC = {
    "rate_limit": ("RateLimitError", True),
    "context_length": ("BadRequestError", False),
    "server_error": ("InternalServerError", True),
    "overloaded": ("OverloadedError", True),
}

MESSAGES = [{"role": "user", "content": "count"}]


class LLMCase(ProxyCase):
    """
    A proxy before the stub.

    @cvar http2: whether both speak HTTP/2.
    @cvar module: that of the client.
    @cvar kind: the client's class.
    @cvar base: the path of the API.
    """

    http2 = False
    server: Stub | HTTP2Stub
    module: Any
    kind: str
    base = ""

    async def prepare(self) -> None:
        """
        Start the stub.
        """
        if self.http2:
            self.server = stub = HTTP2Stub(
                {
                    "/v1/chat/completions": Answer(openaiEvents()),
                    "/v1/messages": Answer(anthropicEvents()),
                }
            )
            backend = stub.listen(theReactor())
        else:
            self.server = Stub()
            backend = self.server.backend
        self.addCleanup(self.server.stop)
        await self.open(backend, "http", seed=7)

    @property
    def transport(self) -> dict[str, Any]:
        """
        The keywords by which a client speaks the version of HTTP.
        """
        if not self.http2:
            return {}
        return {"http_client": self.module.DefaultHttpxClient(http1=False, http2=True)}

    @property
    def url(self) -> str:
        """
        The proxy's.
        """
        return f"http://{self.proxy.address}"

    def client(self, retries: int = 0) -> Any:
        """
        One that tries again so often.
        """
        made = getattr(self.module, self.kind)(
            api_key="none",
            base_url=self.url + self.base,
            max_retries=retries,
            timeout=PATIENCE,
            **self.transport,
        )
        self.addCleanup(made.close)
        return made


class OpenAICase(LLMCase):
    """
    With the client of OpenAI.
    """

    skip = None if openai else "not installed: openai"
    family = "openai"
    module = openai
    kind = "OpenAI"
    base = "/v1"

    def ask(self, client: Any, heard: list[str] | None = None) -> str:
        """
        What the model streams.

        @param heard: to which each part is added as it comes.
        """
        heard = [] if heard is None else heard
        stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        heard += (part.choices[0].delta.content or "" for part in stream)
        return "".join(heard)


class AnthropicCase(LLMCase):
    """
    With the client of Anthropic.
    """

    skip = None if anthropic else "not installed: anthropic"
    family = "anthropic"
    module = anthropic
    kind = "Anthropic"

    def ask(self, client: Any, heard: list[str] | None = None) -> str:
        """
        What the model streams.

        @param heard: to which each part is added as it comes.
        """
        heard = [] if heard is None else heard
        stream = client.messages.create(model="m", max_tokens=9, messages=MESSAGES, stream=True)
        for part in stream:
            if part.type == "content_block_delta":
                heard.append(part.delta.text)
        return "".join(heard)


class PresetMixin:
    """
    The presets of one family, as its client meets them.
    """

    raised: ClassVar[dict[str, tuple[str, bool]]]

    @inThread
    def test_raised(self: Any) -> None:
        """
        The client raises for each what it raises for the service's own, with its message.
        """
        client = self.client()
        for name, (raised, _) in self.raised.items():
            code = f"{self.family}.{name}"
            rule(self, fault(code=code))
            with self.assertRaises(self.module.APIStatusError) as caught:
                self.ask(client)
            self.assertEqual(type(caught.exception).__name__, raised)
            known = self.proxy.proxy.wire.errors[code]
            self.assertEqual(str(caught.exception.status_code), known.state)
            self.assertIn(known.message, str(caught.exception))
            self.assertEqual(caught.exception.request_id, "req_vaurien")
        self.assertEqual(self.server.requests, 0)

    @inThread
    def test_retries(self: Any) -> None:
        """
        It tries again, and has the whole reply, where the service says that this helps.
        """
        client = self.client(retries=1)
        for name, (_, again) in self.raised.items():
            # Not to wait a second for each.
            code, headers = f"{self.family}.{name}", {"Retry-After-Ms": "1"}
            rule(self, {**fault(code=code, headers=headers), "times": 1})
            if again:
                self.assertEqual(self.ask(client), TEXT)
            else:
                with self.assertRaises(self.module.APIStatusError):
                    self.ask(client)
                self.assertEqual(self.ask(client), TEXT)


class OpenAIPresetTests(PresetMixin, OpenAICase):
    """
    The errors of OpenAI.
    """

    raised = OPENAI


class AnthropicPresetTests(PresetMixin, AnthropicCase):
    """
    The errors of Anthropic.
    """

    raised = ANTHROPIC


class StreamMixin:
    """
    Streams that meet a fault, as the client of one provider meets them.
    """

    raised: ClassVar[dict[str, str]]

    def meet(self: Any, fault: str, **options: Any) -> tuple[str, str]:
        """
        What the client raises, C{""} for nothing, and what it has heard until then.
        """
        rule(self, {"behavior": "events", "options": {"fault": fault, **options}})
        heard: list[str] = []
        client = self.client().with_options(timeout=1.0 if fault == "stall" else PATIENCE)
        try:
            self.ask(client, heard)
        except Exception as raised:
            return type(raised).__name__, "".join(heard)
        return "", "".join(heard)

    @inThread
    def test_faults(self: Any) -> None:
        """
        What it raises for each, after the events that passed.
        """
        code = f"{self.family}.overloaded"
        met = {
            "cut": self.meet("cut", count=4),
            "reset": self.meet("cut", count=4, then="reset"),
            "ended": self.meet("cut", count=4, then="end"),
            "stall": self.meet("stall", count=4),
            "garble": self.meet("garble", count=4),
            "error": self.meet("error", count=4, code=code),
            "lose": self.meet("lose"),
        }
        found = {name: raised for name, (raised, _) in met.items()}
        if found["reset"] == "APIConnectionError":
            # The reset has overtaken the head of the reply.
            found["reset"] = self.raised["reset"]
        self.assertEqual(found, self.raised)
        for name, (_, heard) in met.items():
            if name == "lose":
                self.assertEqual(heard, TEXT)
            elif name != "reset":
                # A reset may overtake what was sent before it.
                self.assertEqual(heard, self.heard, name)
        poll(lambda: len(self.effects()) == len(met), PATIENCE, "the effects of all")

    @inThread
    def test_harmless(self: Any) -> None:
        """
        It reads a stream that comes in other writes as it is.
        """
        for kind, options in (("split", {"pause": 0.01}), ("slow", {"pause": 0.01}), ("join", {})):
            self.assertEqual(self.meet(kind, **options), ("", TEXT))


class OpenAIStreamTests(StreamMixin, OpenAICase):
    """
    Chat completions.
    """

    heard = "One two three"
    raised: ClassVar[dict[str, str]] = {
        "cut": "APIConnectionError",
        "reset": "APIConnectionError",
        "ended": "",
        "stall": "APITimeoutError",
        "garble": "JSONDecodeError",
        "error": "APIError",
        "lose": "",
    }


class AnthropicStreamTests(StreamMixin, AnthropicCase):
    """
    Messages.
    """

    heard = "One two"
    raised: ClassVar[dict[str, str]] = {
        "cut": "RemoteProtocolError",
        "reset": "ReadError",
        "ended": "",
        "stall": "ReadTimeout",
        "garble": "JSONDecodeError",
        "error": "APIStatusError",
        "lose": "",
    }


class HTTP2Mixin:
    """
    The ends that only HTTP/2 has.
    """

    http2 = True

    #: What the client raises when the stream ends, and when the connection does.
    ended: ClassVar[tuple[str, str]]

    @inThread
    def test_ends(self: Any) -> None:
        """
        What it raises for a stream that is reset, and for a server that goes away.
        """
        met = [
            self.meet("cut", count=4, then="rst-stream", http2_code="CANCEL"),
            self.meet("cut", count=4, then="goaway"),
        ]
        self.assertEqual(met, [(each, self.heard) for each in self.ended])
        poll(lambda: len(self.effects()) == 2, PATIENCE, "the effects of both")


class OpenAIStreamHTTP2Tests(HTTP2Mixin, OpenAIStreamTests):
    """
    Chat completions in HTTP/2.
    """

    ended = ("APIConnectionError", "APIConnectionError")


class AnthropicStreamHTTP2Tests(HTTP2Mixin, AnthropicStreamTests):
    """
    Messages in HTTP/2.
    """

    ended = ("RemoteProtocolError", "RemoteProtocolError")
