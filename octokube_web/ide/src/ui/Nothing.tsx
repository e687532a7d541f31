/** Says why there is nothing to see: three different nothings, never mistaken for each other. */
import type { ReactNode } from "react";
import { EmptyIcon, HiddenIcon, WarnIcon } from "./icons";

interface Props {
  readonly kind: "loading" | "empty" | "hidden" | "failed";
  readonly title: string;
  readonly children?: ReactNode;
}

export function Nothing({ kind, title, children }: Props) {
  return (
    <div className={`nothing ${kind}`} role={kind === "failed" ? "alert" : "status"}>
      {kind === "loading" && <span className="spinner" aria-hidden="true" />}
      {kind === "empty" && <EmptyIcon />}
      {kind === "hidden" && <HiddenIcon />}
      {kind === "failed" && <WarnIcon />}
      <p className="nothing-title">{title}</p>
      {children && <div className="muted">{children}</div>}
    </div>
  );
}
