/** The parts of an object's page beside its YAML. */
import { lazy, Suspense } from "react";
import { Nothing } from "../ui/Nothing";
import { LogsTab } from "./LogsTab";
import { RelatedTab } from "./RelatedTab";
import type { Target } from "./target";

// Its own chunk: whoever opens no terminal loads none.
const TerminalTab = lazy(() => import("./TerminalTab"));
const FilesTab = lazy(() => import("./FilesTab"));
const ValuesTab = lazy(() => import("./ValuesTab"));
const AccessTab = lazy(() => import("../access/AccessTab"));
const EditTab = lazy(() => import("./EditTab"));

const OPENING = <Nothing kind="loading" title="Opening…" />;

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
    case "files":
      return <Suspense fallback={OPENING}><FilesTab target={target} /></Suspense>;
    case "values":
      return <Suspense fallback={OPENING}><ValuesTab target={target} /></Suspense>;
    case "access":
      return <Suspense fallback={OPENING}><AccessTab target={target} /></Suspense>;
    default:
      return <RelatedTab target={target} />;
  }
}
