/** The parts of an object's page beside its YAML. */
import { lazy, Suspense } from "react";
import { Nothing } from "../ui/Nothing";
import { LogsTab } from "./LogsTab";
import { RelatedTab } from "./RelatedTab";
import type { Target } from "./target";

// Its own chunk: whoever opens no terminal loads none.
const TerminalTab = lazy(() => import("./TerminalTab"));
const EditTab = lazy(() => import("./EditTab"));

export default function ObjectTab({ id, target }: { id: string; target: Target }) {
  switch (id) {
    case "logs":
      return <LogsTab target={target} />;
    case "terminal":
      return (
        <Suspense fallback={<Nothing kind="loading" title="Opening a terminal…" />}>
          <TerminalTab target={target} />
        </Suspense>
      );
    case "edit":
      return (
        <Suspense fallback={<Nothing kind="loading" title="Opening the editor…" />}>
          <EditTab target={target} />
        </Suspense>
      );
    default:
      return <RelatedTab target={target} />;
  }
}
