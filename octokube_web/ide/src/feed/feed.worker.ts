/** The worker's entry: everything that reads the wire happens off the page's thread. */
import { browserHost } from "./host";
import type { Order } from "./messages";
import { FeedService } from "./service";

const service = new FeedService(browserHost, (report) => postMessage(report));

self.onmessage = (event: MessageEvent<Order>) => service.obey(event.data);
