/** Which tab is being dragged, and where it would land. */
import type { Side } from "./layout";

/** What the browser is told of it: enough for other programs to take nothing from it. */
export const DRAG_TYPE = "application/x-octokube-tab";

let dragged = 0;

export const startDrag = (tab: number): void => void (dragged = tab);
export const endDrag = (): void => void (dragged = 0);
/** 0: none. */
export const draggedTab = (): number => dragged;

const EDGE = 0.25;

/** The side of a box that a point is near to; undefined: its middle. */
export function sideAt(box: { left: number; top: number; width: number; height: number }, x: number, y: number): Side | undefined {
  const across = (x - box.left) / box.width;
  const down = (y - box.top) / box.height;
  const nearest = Math.min(across, 1 - across, down, 1 - down);
  if (nearest > EDGE) return undefined;
  if (nearest === across) return "left";
  if (nearest === 1 - across) return "right";
  return nearest === down ? "up" : "down";
}
