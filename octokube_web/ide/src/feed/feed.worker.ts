/** The worker's entry, for one page or for all of a browser: everything that reads the wire happens off the pages' threads. */
import { browserHost } from "./host";
import type { Order, Report } from "./messages";
import { FeedService } from "./service";

const service = new FeedService(browserHost);

interface Port {
  postMessage(report: Report): void;
  onmessage: ((event: MessageEvent<Order>) => void) | null;
}

function serve(port: Port): void {
  const tab = service.join((report) => port.postMessage(report));
  port.onmessage = ({ data: order }) => {
    // A page that is closed says nothing; but the lock it held becomes free.
    if (order.do === "live") void navigator.locks.request(order.lock, () => tab.leave());
    else tab.obey(order);
  };
}

if ("onconnect" in globalThis) {
  const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
  scope.onconnect = (event) => event.ports[0] && serve(event.ports[0]);
} else {
  serve(globalThis as unknown as Port);
}
