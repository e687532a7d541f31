/** What a tab is called. */
import type { Catalog } from "../feed/messages";
import type { Place } from "../location";
import type { PageInfo } from "../pages";
import { titleOf } from "../ui/format";

export interface TabTitle {
  readonly title: string;
  /** Which of several clusters it is about, and for an object also what it is. */
  readonly detail: string;
}

export function titleOfTab(place: Place, catalog: Catalog | undefined, pages: readonly PageInfo[]): TabTitle {
  if (place.page) return { title: pages.find((one) => one.id === place.page)?.title ?? place.page, detail: "" };
  const cluster = catalog?.clusters.find((one) => one.name === place.cluster);
  const type = cluster?.types.find((one) => one.type === place.type);
  const where = (catalog?.clusters.length ?? 0) > 1 ? place.cluster : "";
  if (place.alone && place.name) return { title: place.name, detail: [type?.kind ?? place.type, where].filter(Boolean).join(" · ") };
  const title = type ? titleOf(type) : place.type;
  return { title: title || "Start", detail: [place.namespace, where].filter(Boolean).join(" · ") };
}
