"""Serves ClusterService over gRPC, passing frames through as bytes."""

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.api.calls import answering, read, token_of
from octokube_hub.api.feed_service import FeedService
from octokube_hub.fanout.stream import WatchSession

NAME = pb.DESCRIPTOR.services_by_name["ClusterService"].full_name

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]


class ClusterServicer:
    """Decodes, delegates, encodes. Requests and responses of all methods are bytes: no serialiser touches a frame."""

    def __init__(self, feed: FeedService) -> None:
        self._feed = feed

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        return grpc.method_handlers_generic_handler(
            NAME,
            {
                "Watch": grpc.stream_stream_rpc_method_handler(self._watch),
                "WatchCatalog": grpc.unary_stream_rpc_method_handler(self._watch_catalog),
                "GetObject": grpc.unary_unary_rpc_method_handler(self._get_object),
                "ExplainAccess": grpc.unary_unary_rpc_method_handler(self._explain_access),
                "Search": grpc.unary_unary_rpc_method_handler(self._search),
                "WhoAmI": grpc.unary_unary_rpc_method_handler(self._who_am_i),
            },
        )

    async def _watch(self, _: object, context: "Context") -> None:
        async def work() -> None:
            async with self._feed.watching(token_of(context), context.peer()) as session:
                reader = asyncio.create_task(_read_requests(context, session), name="hub/watch/read")
                try:
                    close = await session.run(context.write)
                    if close is None:
                        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is not valid any more")
                finally:
                    reader.cancel()
                    await asyncio.gather(reader, return_exceptions=True)

        await answering(context, "Watch", work)

    async def _watch_catalog(self, _: bytes, context: "Context") -> None:
        async def work() -> None:
            async with self._feed.watching_catalog(token_of(context), context.peer()) as session:
                await session.run(context.write)

        await answering(context, "WatchCatalog", work)

    async def _get_object(self, request: bytes, context: "Context") -> Any:
        return await answering(
            context, "GetObject", lambda: self._feed.get_object(token_of(context), context.peer(), request)
        )

    async def _explain_access(self, request: bytes, context: "Context") -> Any:
        return await answering(
            context, "ExplainAccess", lambda: self._feed.explain_access(token_of(context), context.peer(), request)
        )

    async def _search(self, request: bytes, context: "Context") -> Any:
        return await answering(context, "Search", lambda: self._feed.search(token_of(context), context.peer(), request))

    async def _who_am_i(self, _: bytes, context: "Context") -> Any:
        async def work() -> bytes:
            return (await self._feed.who_am_i(token_of(context), context.peer())).SerializeToString()

        return await answering(context, "WhoAmI", work)


async def _read_requests(context: "Context", session: WatchSession) -> None:
    """Hands requests over until the caller closes their half; what is sent to them goes on."""
    while (message := await read(context)) is not None:
        session.request(message)
