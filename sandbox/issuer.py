"""One issuer as an HTTP server of its own: IVP/1 for askers, `/_sandbox` for whoever tests.

POST /ivp/v1              the registered endpoint
POST /retrievals/v1       documents, see giving.py
GET  /once/…              what a one-time link leads to
GET  /_sandbox/calls      what was asked, by identifier
POST /_sandbox/reset      forget calls and behaviours
GET  /_sandbox/behaviours what can be told to POST /_sandbox/behaviour
POST /_sandbox/behaviour  {"name", "args", "identifier", "times"}; DELETE clears
POST /_sandbox/lax        {"names"}: what it neglects, see laxness.py; DELETE /behaviour clears too
POST /_sandbox/nodes      register askers, see nodes.py
POST /_sandbox/licenses   {"identifier", "state", "since", "successor"}: a change in the books
POST /_sandbox/documents?identifier=…   the body is a file issued for that license
"""

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import parse_qs

from sandbox import http1, jws
from sandbox.behaviours import BEHAVIOURS, HONEST, Rule, Script
from sandbox.bodies import BEIJING, HeldKey
from sandbox.day import utc_now
from sandbox.giving import GIVING, ONCE, Giving
from sandbox.http1 import BadRequest, Request
from sandbox.inquiry import Inquiry, Refusal, read_inquiry
from sandbox.jws import JsonObject
from sandbox.laxness import LAX, NOTHING, read_laxness
from sandbox.licenses import State
from sandbox.lies import LIES, TYP, Answering, Draft, Reply, Scene
from sandbox.nodes import Nodes
from sandbox.office import Office, payload_of
from sandbox.wire import ACTS, Honest, Sleep, Wire, perform

ENDPOINT = "/ivp/v1"
CONTROL = "/_sandbox/"
REMEMBERED = 10_000
"""Question ids and payloads kept, newest last."""
READ_SECONDS = 30.0
"""An idle or dripping asker is let go after."""

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Seen:
    """What reached the endpoint; tests read it."""

    calls: Counter[str] = field(default_factory=Counter)
    """Identifier (or type/number) → questions understood and accepted."""
    behaviours: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    inquiries: deque[JsonObject] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Payloads as received, the latest last."""
    requests: int = 0
    """POSTs to the endpoint, whatever was in them."""
    connections: int = 0
    bytes_sent: int = 0


class IssuerServer:
    """Serves one office. Start it inside a running loop; `port=0` picks a free one."""

    def __init__(
        self,
        office: Office,
        nodes: Nodes,
        *,
        clock: Clock = utc_now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.office = office
        self.nodes = nodes
        self.script = Script()
        self.seen = Seen()
        self.port = 0
        self.host = "127.0.0.1"
        self._clock = clock
        self._sleep = sleep
        self._jtis: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._earlier: list[bytes] = []
        self._server: asyncio.Server | None = None
        self.giving = Giving(office, nodes)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self.office.body.name

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def endpoint(self) -> str:
        return self.url + ENDPOINT

    async def start(self, port: int = 0) -> None:
        """Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(
            self._connected, self.host, port, limit=http1.MAX_HEAD
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.giving.url = self.url

    async def stop(self) -> None:
        """Close the door, then end what is still going on. May be started again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def forget(self) -> None:
        self.seen = Seen()
        self.script.clear()
        self.office.lax = NOTHING
        self._earlier.clear()
        self.giving.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served by a task")
        self._tasks.add(task)
        self.seen.connections += 1
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # only `stop` cancels, and it waits for this task's end
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(writer, self._sleep)
        going = True
        while going:
            try:
                async with asyncio.timeout(READ_SECONDS):
                    request = await http1.read_request(reader)
            except BadRequest as exc:
                request, going = None, False
                await _send(wire, http1.json_response(exc.status, {"error": str(exc)}))
            except TimeoutError:
                return
            if request is None:
                return
            before = wire.sent
            if request.path == ENDPOINT and request.method == "POST":
                going = await self._ask(wire, request)
                self.seen.bytes_sent += wire.sent - before
            elif request.path in GIVING or request.path.startswith(ONCE):
                going = await self.giving.serve(wire, request, self._clock())
            else:
                going = await _send(wire, self._control(request))
            going = going and request.keep_alive

    async def _ask(self, wire: Wire, request: Request) -> bool:
        """Answer one question; whether the connection may go on."""
        self.seen.requests += 1
        now = self._clock()
        try:
            inquiry = await self._read(request, now)
            draft = self._draft(inquiry, now)
        except Refusal as exc:
            self.seen.refused[str(exc)] += 1
            return await _send(wire, http1.json_response(exc.status, {"error": str(exc)}))
        self.seen.calls[inquiry.subject] += 1
        self.seen.inquiries.append(inquiry.payload)
        rule = self.script.next(inquiry.subject)
        self.seen.behaviours[rule.name] += 1
        try:
            return await self._behave(wire, rule, inquiry, draft)
        except ValueError as exc:  # an argument of the behaviour, not the asker's fault
            return await _send(wire, http1.json_response(500, {"error": str(exc)}))

    async def _behave(self, wire: Wire, rule: Rule, inquiry: Inquiry, draft: Draft) -> bool:
        if rule.name in ACTS:
            honest = Honest(draft.token())
            await perform(ACTS[rule.name][1], wire, honest, rule.args)
            return False
        if rule.name == HONEST:
            reply = Reply(draft.token())
            self._earlier.append(reply.body)
            del self._earlier[100:]
        else:
            scene = Scene(
                self.office, inquiry, self._key(), tuple(self._earlier),
                draft.payload["iat"], rule.args,
            )  # fmt: skip
            reply = LIES[rule.name][1](draft, scene)
        return await _send(wire, http1.response(200, reply.media_type, reply.body))

    async def _read(self, request: Request, now: datetime) -> Inquiry:
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/jose":
            raise Refusal(415, "not_jose")
        inquiry = await read_inquiry(
            request.body,
            audience=self.office.audience,
            nodes=self.nodes,
            now=now,
            lax=self.office.lax,
        )
        jti = (inquiry.node, str(inquiry.payload.get("jti")))
        if jti in self._jtis and not self.office.lax & {"replay", "incomplete"}:
            raise Refusal(401, "jti_used_before")
        self._jtis[jti] = None
        if len(self._jtis) > REMEMBERED:
            self._jtis.popitem(last=False)
        return inquiry

    def _draft(self, inquiry: Inquiry, now: datetime) -> Draft:
        held = self._key(now)
        payload = payload_of(self.office, inquiry, self.office.consider(inquiry, now), now)
        return Draft({"typ": TYP, "alg": held.alg, "kid": held.kid}, payload, Answering(held))

    def _key(self, now: datetime | None = None) -> HeldKey:
        return self.office.body.signing("answer", now or self._clock())

    def _control(self, request: Request) -> bytes:
        """What tests and demonstrations turn and read. Loopback only, like the rest."""
        try:
            match (request.method, request.path.removeprefix(CONTROL)):
                case ("GET", "calls" | "behaviours" | "lax" as what):
                    told = {"behaviours": dict(BEHAVIOURS), "lax": dict(LAX)}.get(what)
                    return http1.json_response(200, told or self.report())
                case ("POST", "reset"):
                    self.forget()
                case ("DELETE", "behaviour"):
                    self.script.clear()
                    self.office.lax = NOTHING
                case ("POST", "lax"):
                    self.office.lax = read_laxness(jws.read_object(request.body).get("names"))
                case ("POST", "behaviour"):
                    self._behaviour(jws.read_object(request.body))
                case ("POST", "nodes"):
                    self.nodes.add(jws.read_object(request.body))
                case ("POST", "licenses"):
                    self._change(jws.read_object(request.body))
                case ("POST", "documents"):
                    (identifier,) = parse_qs(request.query).get("identifier", [""])
                    self.office.register_document(identifier, request.body)
                case _:
                    return http1.json_response(404, {"error": "no such path"})
        except (ValueError, KeyError, AttributeError, TypeError) as exc:
            return http1.json_response(400, {"error": str(exc)})
        return http1.json_response(200, {"done": True})

    def _behaviour(self, body: JsonObject) -> None:
        self.script.add(
            body["name"],
            body.get("args"),
            identifier=body.get("identifier"),
            times=body.get("times"),
        )

    def _change(self, body: JsonObject) -> None:
        identifier = str(body["identifier"])
        if identifier not in self.office.world.by_identifier:
            raise ValueError("no such license")
        today = self._clock().astimezone(BEIJING).date()
        since = date.fromisoformat(body["since"]) if "since" in body else today
        self.office.set_state(identifier, State(body["state"]), since, body.get("successor"))

    def report(self) -> JsonObject:
        seen, world = self.seen, self.office.world
        return {
            "issuer": self.office.body.code,
            "name": self.name,
            "world": {"seed": world.seed, "today": world.today.isoformat()},
            "requests": seen.requests,
            "connections": seen.connections,
            "bytes_sent": seen.bytes_sent,
            "calls": dict(seen.calls),
            "behaviours": dict(seen.behaviours),
            "refused": dict(seen.refused),
        }


async def _send(wire: Wire, data: bytes) -> bool:
    try:
        await wire.send(data)
    except ConnectionError:
        return False
    return True
