"""Passes logs, exec, attach and port-forward through to the kubelet, as the real server does."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web

from octokube_demo import errors
from octokube_demo.handlers.context import Call
from octokube_demo.objects import Object

EXEC_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
FORWARD_PROTOCOLS = ("v4.channel.k8s.io",)
# The apiserver's option names and the kubelet's: the latter kept theirs from before pods had subresources.
_EXEC_OPTIONS = {"stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty"}
_LOG_OPTIONS = ("follow", "previous", "timestamps", "sinceSeconds", "sinceTime", "tailLines", "limitBytes")
_MESSAGE_BYTES = 4 * 1024 * 1024


def _pod_and_container(call: Call) -> tuple[Object, str]:
    pod = call.parts.api.get("pods", call.target.namespace, call.target.name)
    spec = pod["spec"]
    name = pod["metadata"]["name"]
    names = [one["name"] for one in spec["containers"]]
    every = names + [
        one["name"] for one in (*(spec.get("initContainers") or ()), *(spec.get("ephemeralContainers") or ()))
    ]
    asked = call.query.get("container") or (pod["metadata"].get("annotations") or {}).get(
        "kubectl.kubernetes.io/default-container"
    )
    if asked:
        if asked not in every:
            raise errors.bad_request(f"container {asked} is not valid for pod {name}")
        return pod, str(asked)
    if len(names) > 1:
        raise errors.bad_request(
            f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
        )
    return pod, str(names[0])


def _kubelet_url(call: Call, path: str) -> str:
    url = call.parts.kubelet_url
    if not url or call.parts.faults.is_kubelet_down:
        raise _unreachable("connect: connection refused")
    return f"{url}{path}"


def _unreachable(why: str) -> errors.ApiError:
    return errors.ApiError(500, f"error dialing backend: {why}", reason="")


async def logs(call: Call) -> web.StreamResponse:
    """GET of `log`: text, as it comes."""
    pod, container = _pod_and_container(call)
    if not pod["spec"].get("nodeName"):
        return web.Response(text="")  # nobody runs it yet, so nobody has its log
    target = call.target
    url = _kubelet_url(call, f"/containerLogs/{target.namespace}/{target.name}/{container}")
    params = {name: call.query[name] for name in _LOG_OPTIONS if name in call.query}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, params=params) as upstream:
            if upstream.status != 200:
                raise errors.ApiError(upstream.status, (await upstream.text()).strip())
            response = web.StreamResponse(headers={"Content-Type": "text/plain"})
            await response.prepare(call.request)
            async for chunk in upstream.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response
    except aiohttp.ClientConnectorError as error:
        raise _unreachable(str(error)) from error


async def execute(call: Call) -> web.StreamResponse:
    """GET of `exec` as a websocket of `v5.channel.k8s.io` or `v4.channel.k8s.io`. SPDY is not spoken."""
    pod, container = _pod_and_container(call)
    _check_running(pod, "exec into")
    if "command" not in call.query:
        causes = [("FieldValueRequired", "command", "Required value")]
        raise errors.invalid("PodExecOptions", "", "", causes)
    params = [("command", part) for part in call.query.getall("command")]
    return await _session(call, f"exec/{_place(call)}/{container}", [*params, *_streams(call)], EXEC_PROTOCOLS)


async def attach(call: Call) -> web.StreamResponse:
    """GET of `attach`, as of `exec`: the streams of a container's main process."""
    pod, container = _pod_and_container(call)
    _check_running(pod, "attach to")
    return await _session(call, f"attach/{_place(call)}/{container}", _streams(call), EXEC_PROTOCOLS)


async def forward(call: Call) -> web.StreamResponse:
    """GET of `portforward` as a websocket of `v4.channel.k8s.io`."""
    pod = call.parts.api.get("pods", call.target.namespace, call.target.name)
    _check_running(pod, "forward ports of")
    ports = [port for text in call.query.getall("ports", []) for port in text.split(",") if port]
    return await _session(call, f"portForward/{_place(call)}", [("port", port) for port in ports], FORWARD_PROTOCOLS)


def _place(call: Call) -> str:
    return f"{call.target.namespace}/{call.target.name}"


def _streams(call: Call) -> list[tuple[str, str]]:
    return [(theirs, "1") for ours, theirs in _EXEC_OPTIONS.items() if call.flag(ours)]


def _check_running(pod: Object, what: str) -> None:
    if not pod["spec"].get("nodeName"):
        raise errors.bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
    phase = (pod.get("status") or {}).get("phase")
    if phase in ("Succeeded", "Failed"):
        raise errors.bad_request(f"cannot {what} a container in a completed pod; current phase is {phase}")


async def _session(call: Call, path: str, params: list[tuple[str, str]], spoken: tuple[str, ...]) -> web.StreamResponse:
    if call.request.headers.get("Upgrade", "").lower() != "websocket":
        raise errors.bad_request("Upgrade request required: this cluster speaks websocket, not SPDY")
    offered = [part.strip() for part in call.request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    protocols = [one for one in spoken if one in offered]
    if not protocols:
        raise errors.bad_request(f"unable to negotiate a protocol: this server speaks {', '.join(spoken)}")
    url = _kubelet_url(call, f"/{path}")
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, params=params, protocols=protocols, max_msg_size=_MESSAGE_BYTES) as upstream,
        ):
            downstream = web.WebSocketResponse(protocols=[upstream.protocol or ""], max_msg_size=_MESSAGE_BYTES)
            await downstream.prepare(call.request)
            await _relay(downstream, upstream, call.parts.closing)
            return downstream
    except aiohttp.WSServerHandshakeError as error:
        raise errors.ApiError(error.status, f"the kubelet refused: {error.message}") from error
    except aiohttp.ClientConnectorError as error:
        raise _unreachable(str(error)) from error


async def _relay(
    downstream: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse, closing: asyncio.Event
) -> None:
    """Both directions until either ends; a slow reader slows the writer, nothing is queued here."""

    async def towards_kubelet() -> None:
        async for message in downstream:
            await _forward(message, upstream)

    async def towards_client() -> None:
        async for message in upstream:
            await _forward(message, downstream)

    tasks = [
        asyncio.create_task(towards_kubelet(), name="demo/exec-up"),
        asyncio.create_task(towards_client(), name="demo/exec-down"),
        asyncio.create_task(closing.wait(), name="demo/exec-closing"),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await upstream.close()
        await downstream.close()


async def _forward(
    message: aiohttp.WSMessage, receiver: web.WebSocketResponse | aiohttp.ClientWebSocketResponse
) -> None:
    if message.type is aiohttp.WSMsgType.BINARY:
        await receiver.send_bytes(message.data)
    elif message.type is aiohttp.WSMsgType.TEXT:
        await receiver.send_str(message.data)
