/** Shows a page beside the objects, and finds out which of them are open to the reader. */
import { Suspense, useEffect, useState } from "react";
import type { Catalog } from "../feed/messages";
import type { Place } from "../location";
import { PAGES, type PageInfo } from "../pages";
import { Nothing } from "./Nothing";

const EVERYBODYS = PAGES.filter((one) => !one.needs);

/** The pages that are open to the reader; asked again whenever their access may have changed. */
export function useOpenPages(catalog: Catalog | undefined, epoch: number): readonly PageInfo[] {
  const [pages, setPages] = useState<readonly PageInfo[]>(EVERYBODYS);
  const edge = catalog?.nextEdge;
  useEffect(() => {
    let isCurrent = true;
    setPages(EVERYBODYS);
    if (epoch > 0) {
      import("../pages/open").then(({ findOpenPages }) => findOpenPages()).then(
        (open) => isCurrent && setPages(PAGES.filter((one) => open.includes(one.id))),
        // Who can't be told keeps what is everybody's; a page itself says why it shows nothing.
        () => undefined,
      );
    }
    return () => {
      isCurrent = false;
    };
  }, [epoch, edge]);
  return pages;
}

export function PageView({ place, pages, catalog }: { place: Place; pages: readonly PageInfo[]; catalog: Catalog | undefined }) {
  const id = place.page;
  // A page that is not listed is shown all the same: the hub says why not, to whoever asks.
  const page = pages.find((one) => one.id === id) ?? PAGES.find((one) => one.id === id);
  if (!page) return <Nothing kind="empty" title="There is no such page." />;
  return (
    <Suspense fallback={<Nothing kind="loading" title="Opening…" />}>
      <page.Component catalog={catalog} place={place} />
    </Suspense>
  );
}
