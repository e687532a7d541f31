/** The pages beside the objects: which there are, and what policy has to allow for each to be of any use. */
import { lazy, type ComponentType } from "react";
import type { Catalog } from "../feed/messages";
import type { Place } from "../location";

export interface PageProps {
  readonly catalog: Catalog | undefined;
  /** The tab's. */
  readonly place: Place;
}

export interface PageInfo {
  readonly id: string;
  readonly title: string;
  /** What has to be allowed, on the hub's own things; undefined: everybody's. */
  readonly needs: { readonly type: string; readonly verb: string } | undefined;
  readonly Component: ComponentType<PageProps>;
}

const needs = (type: string, verb: string) => ({ type: `${type}.octokube.io`, verb });

export const PAGES: readonly PageInfo[] = [
  { id: "search", title: "Search", needs: undefined, Component: lazy(() => import("../search/SearchPage")) },
  { id: "topology", title: "Topology", needs: undefined, Component: lazy(() => import("../topology/TopologyPage")) },
  { id: "events", title: "Events", needs: undefined, Component: lazy(() => import("../events/EventsPage")) },
  { id: "access", title: "Your access", needs: undefined, Component: lazy(() => import("./AccessPage")) },
  { id: "tokens", title: "Your tokens", needs: undefined, Component: lazy(() => import("./TokensPage")) },
  { id: "settings", title: "Settings", needs: undefined, Component: lazy(() => import("./SettingsPage")) },
  { id: "hub", title: "Hub and clusters", needs: needs("hub", "get"), Component: lazy(() => import("./HubPage")) },
  { id: "policy", title: "Policy", needs: needs("policies", "get"), Component: lazy(() => import("./PolicyPage")) },
  { id: "simulate", title: "Try the policy", needs: needs("policies", "get"), Component: lazy(() => import("./SimulatePage")) },
  { id: "audit", title: "Audit log", needs: needs("auditrecords", "list"), Component: lazy(() => import("./AuditPage")) },
  { id: "sessions", title: "Terminal sessions", needs: needs("recordings", "list"), Component: lazy(() => import("./SessionsPage")) },
  { id: "people", title: "People", needs: needs("people", "list"), Component: lazy(() => import("./PeoplePage")) },
  { id: "agents", title: "Agents", needs: needs("agents", "list"), Component: lazy(() => import("./MachinesPage").then((found) => ({ default: found.AgentsPage }))) },
  { id: "gateways", title: "Gateways", needs: needs("gateways", "list"), Component: lazy(() => import("./MachinesPage").then((found) => ({ default: found.GatewaysPage }))) },
];
