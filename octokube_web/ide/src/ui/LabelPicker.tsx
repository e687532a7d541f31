/** Narrows a table by the labels of its objects. */
import { lazy, Suspense } from "react";
import type { ViewSpec } from "../feed/messages";
import type { Place } from "../location";
import { LabelIcon } from "./icons";
import { Popover } from "./Popover";

// With what asks the hub: a chunk of its own.
const Labels = lazy(() => import("../search/Labels"));

export function LabelPicker({ place, spec }: { place: Place; spec: ViewSpec }) {
  return (
    <Popover label={place.labels ? `Labels: ${place.labels}` : "Labels"} icon={<><LabelIcon />{place.labels && <span className="chosen-labels">{place.labels}</span>}</>}>
      {(close) => <Suspense fallback={<p className="muted">Opening…</p>}><Labels place={place} spec={spec} onDone={close} /></Suspense>}
    </Popover>
  );
}
