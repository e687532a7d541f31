/** Opens views for components, and forgets their content when they go or the session ends. */
import { useEffect, useMemo, useState } from "react";
import type { ViewSpec, ViewStatus } from "../feed/messages";
import type { Viewed } from "../state/viewed";
import { Store } from "../store";
import { TableModel } from "../table/model";
import { useSession } from "./context";

const OPENING: ViewStatus = {
  phase: "opening",
  gathered: 0,
  expected: 0,
  asOf: 0,
  heardAt: 0,
  health: undefined,
  notices: [],
  error: undefined,
};

export interface TableView {
  readonly model: TableModel;
  readonly status: Store<ViewStatus>;
  /** Starts the view anew after it has failed. */
  retry(): void;
}

export function useTableView(spec: ViewSpec): TableView {
  const { feed, epoch } = useSession();
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(spec);
  const view = useMemo(
    () => ({ model: new TableModel(), status: new Store(OPENING), retry: () => setTurn((n) => n + 1) }),
    // A view of something else is another view, with rows of its own.
    [key, turn, epoch],
  );
  useEffect(() => {
    if (epoch === 0) return;
    const close = feed.open(spec, {
      status: view.status.set,
      batch: (batch) => view.model.apply(batch),
    });
    return () => {
      close();
      view.model.clear();
      view.status.set(OPENING);
    };
  }, [feed, epoch, view]);
  return view;
}

/** What is known of the one object of a panel. */
export interface Watched {
  readonly object: Viewed | undefined;
  /** How the object that was shown left; its content is not kept. */
  readonly gone: "deleted" | "withdrawn" | undefined;
}

const NOTHING: Watched = { object: undefined, gone: undefined };

export interface ObjectView {
  readonly watched: Store<Watched>;
  readonly status: Store<ViewStatus>;
}

export function useObjectView(spec: ViewSpec, name: string): ObjectView {
  const { feed, epoch } = useSession();
  const key = JSON.stringify(spec);
  const view = useMemo(() => ({ watched: new Store(NOTHING), status: new Store(OPENING) }), [key, epoch]);
  useEffect(() => {
    if (epoch === 0) return;
    const close = feed.open(spec, {
      status: view.status.set,
      batch: ({ arrived, left }) => {
        let now = view.watched.get();
        for (const { id, reason } of left) if (now.object?.id === id) now = { object: undefined, gone: reason };
        for (const object of arrived) if (object.name === name) now = { object, gone: undefined };
        view.watched.set(now);
      },
    });
    return () => {
      close();
      view.watched.set(NOTHING);
    };
  }, [feed, epoch, view]);
  return view;
}
