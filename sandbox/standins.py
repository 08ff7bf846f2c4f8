"""Stand-ins of existing systems: JSON endpoints of six shapes, answering out of the same books.

None is a copy of anybody's interface; each has the habits that real ones have: codes of its own,
errors with status 200, forms and queries, names beside flags, and words where a number would do.

POST /driving/v1/verify       机动车驾驶证: JSON, code 1/0, state in words
POST /degree/check            学位证书: a form, Y and N
GET  /transport/{number}      道路运输: a path and a query, token in a header, nested
POST /accounting/query        会计: {head, body}, codes as text
GET  /tobacco/license         烟草专卖: flags only, never the holder's name
POST /single-window/verify    单一窗口: a list of results
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote

from sandbox import http1
from sandbox.day import utc_now
from sandbox.http1 import BadRequest, Request
from sandbox.licenses import License, Outcome, Status, status_at
from sandbox.office import normal
from sandbox.world import World

TOKEN = "standin-token-1"  # noqa: S105 - of a stand-in
"""What the guarded ones want in `X-Access-Token`."""
Found = tuple[License, Status] | None
STATES = {
    Outcome.IN_FORCE: "正常", Outcome.NOT_YET: "未生效", Outcome.SUSPENDED: "暂扣",
    Outcome.ENDED: "失效",
}  # fmt: skip


class Refused(Exception):
    """Answered by this status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class StandIns:
    """All six on one port. `seen` has what each was asked by."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.port = 0
        self.seen: list[Request] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await http1.read_request(reader)) is not None:
                self.seen.append(request)
                writer.write(self._answer(request))
                await writer.drain()
        except (BadRequest, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, request: Request) -> bytes:
        try:
            for prefix, answer in SHAPES.items():
                if request.path.startswith(prefix):
                    body = json.dumps(answer(self, request), ensure_ascii=False).encode()
                    return http1.response(200, "application/json;charset=UTF-8", body)
        except Refused as refused:
            return http1.json_response(refused.status, {"message": "拒绝"})
        except (ValueError, KeyError, TypeError, AttributeError):
            return http1.json_response(400, {"message": "参数错误"})
        return http1.json_response(404, {"message": "无此接口"})

    def find(self, issuer: str, number: str) -> Found:
        """By number among one issuer's licenses, whatever the type."""
        body = self.world.body(issuer)
        for type in body.types:
            license = self.world.find(number.upper(), type)
            if license is not None:
                return license, status_at(license, utc_now())
        return None


def _same(name: str, license: License) -> bool:
    return normal("holder", name) == normal("holder", license.holder.name)


def driving(there: StandIns, request: Request) -> Any:
    asked = json.loads(request.body)
    found = there.find("traffic", asked["zh"])
    if found is None:
        return {"code": 0, "message": "无记录", "data": None}
    license, status = found
    return {
        "code": 1,
        "message": "成功",
        "data": {
            "zh": license.number, "xm": license.holder.name, "zt": STATES[status.outcome],
            "cclzrq": license.valid_from.isoformat(), "ljjf": 2.5,
        },
    }  # fmt: skip


def degree(there: StandIns, request: Request) -> Any:
    asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    found = there.find("university", asked["zsbh"])
    if found is None:
        return {"success": True, "result": {"exists": "N"}}
    license, status = found
    valid = "Y" if status.outcome is Outcome.IN_FORCE else "N"
    same = "Y" if _same(asked.get("xm", ""), license) else "N"
    return {
        "success": True,
        "result": {"exists": "Y", "match": same, "valid": valid, "zsbh": license.number},
    }


def transport(there: StandIns, request: Request) -> Any:
    if request.headers.get("x-access-token") != TOKEN:
        raise Refused(401)
    number = unquote(request.path.removeprefix("/transport/"))
    if not parse_qs(request.query).get("lx"):
        raise Refused(400)
    found = there.find("housing", number)
    if found is None:
        return {"status": "SUCCESS", "payload": {"total": 0, "rows": []}}
    license, status = found
    state = {"code": int(status.outcome), "name": STATES[status.outcome]}
    row = {"jyxkzh": license.number, "yhmc": license.holder.name, "state": state}
    return {"status": "SUCCESS", "payload": {"total": 1, "rows": [row]}}


def accounting(there: StandIns, request: Request) -> Any:
    asked = json.loads(request.body)
    if asked["head"].get("token") != TOKEN:
        return {"head": {"rtnCode": "9001", "rtnMsg": "无权限"}, "body": {}}
    found = there.find("market", asked["body"]["certNo"])
    if found is None:
        return {"head": {"rtnCode": "0000"}, "body": {"result": "NOT_FOUND"}}
    license, status = found
    if not _same(asked["body"].get("name", ""), license):
        return {"head": {"rtnCode": "0000"}, "body": {"result": "NAME_MISMATCH"}}
    result = "VALID" if status.outcome is Outcome.IN_FORCE else "INVALID"
    return {
        "head": {"rtnCode": "0000"}, "body": {"result": result, "certNo": license.number},
    }  # fmt: skip


def tobacco(there: StandIns, request: Request) -> Any:
    asked = {name: values[0] for name, values in parse_qs(request.query).items()}
    found = there.find("market", asked["xkzh"])
    if found is None:
        return {"code": "200", "data": {"found": False}}
    license, status = found
    return {
        "code": "200",
        "data": {
            "found": True, "xkzh": license.number,
            "valid": status.outcome is Outcome.IN_FORCE, "state": STATES[status.outcome],
        },
    }  # fmt: skip


def single_window(there: StandIns, request: Request) -> Any:
    asked = json.loads(request.body)["items"][0]
    found = there.find("market", asked["licenceNo"])
    flag = "3"
    if found is not None:
        license, status = found
        same = _same(asked.get("ownerName", ""), license)
        flag = ("0" if status.outcome is Outcome.IN_FORCE else "1") if same else "2"
    return {"results": [{"licenceNo": asked["licenceNo"], "flag": flag}], "time": 1790000000000}


SHAPES: dict[str, Callable[[StandIns, Request], Any]] = {
    "/driving/v1/verify": driving,
    "/degree/check": degree,
    "/transport/": transport,
    "/accounting/query": accounting,
    "/tobacco/license": tobacco,
    "/single-window/verify": single_window,
}


@contextmanager
def standins_in_thread(world: World) -> Iterator[StandIns]:
    """For tests without a loop of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stand-ins", daemon=True)
    thread.start()
    running = StandIns(world)
    try:
        asyncio.run_coroutine_threadsafe(running.start(), loop).result(10)
        yield running
        asyncio.run_coroutine_threadsafe(running.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
