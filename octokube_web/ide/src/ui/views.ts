/** Opens views for components, and forgets their content when they go or the session ends. */
import { useEffect, useMemo, useState } from "react";
import type { OpenTable } from "../feed/client";
import type { ViewSpec, ViewStatus } from "../feed/messages";
import { forgetLastMatch } from "../state/last-match";
import type { Viewed } from "../state/viewed";
import { Store } from "../store";
import { STEP_LIMIT, stepBetween, type Step } from "../object/history";
import { RemoteTable } from "../table/remote-table";
import type { Row } from "../table/row-store";
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
  readonly table: RemoteTable;
  readonly status: Store<ViewStatus>;
  /** All rows that it shows, or that are marked in it, in order. */
  all(of: "shown" | "marked"): Promise<readonly Row[]>;
  /** Starts the view anew after it has failed. */
  retry(): void;
}

/** `isWanted`: whether it is to be opened yet. */
export function useTableView(spec: ViewSpec, isWanted = true): TableView {
  const { feed, epoch } = useSession();
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(spec);
  const view = useMemo(() => {
    const open: { table?: OpenTable } = {};
    return {
      open,
      table: new RemoteTable(
        (look) => open.table?.look(look),
        (mark) => open.table?.mark(mark),
      ),
      status: new Store(OPENING),
      all: (of: "shown" | "marked") => open.table?.all(of) ?? Promise.resolve([]),
      retry: () => setTurn((n) => n + 1),
    };
    // A view of something else is another view, with rows of its own.
  }, [key, turn, epoch]);
  useEffect(() => {
    if (epoch === 0 || !isWanted) return;
    const opened = feed.table(spec, view.table.look, { status: view.status.set, page: (page) => view.table.take(page) });
    view.open.table = opened;
    return () => {
      opened.close();
      delete view.open.table;
      view.table.clear();
      view.status.set(OPENING);
    };
  }, [feed, epoch, view, isWanted]);
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
  /** What changed since it was opened, the newest first; forgotten with the object. */
  readonly history: Store<readonly Step[]>;
  readonly status: Store<ViewStatus>;
}

export function useObjectView(spec: ViewSpec, name: string): ObjectView {
  const { feed, epoch } = useSession();
  const key = JSON.stringify(spec);
  const view = useMemo(
    () => ({ watched: new Store(NOTHING), history: new Store<readonly Step[]>([]), status: new Store(OPENING) }),
    [key, epoch],
  );
  useEffect(() => {
    if (epoch === 0) return;
    const close = feed.open(spec, {
      status: view.status.set,
      batch: ({ arrived, left }) => {
        if (left.length > 0) forgetLastMatch();
        let now = view.watched.get();
        for (const { id, reason } of left) {
          if (now.object?.id !== id) continue;
          now = { object: undefined, gone: reason };
          view.history.set([]);
        }
        for (const object of arrived) {
          if (object.name !== name) continue;
          const at = Date.now() + (feed.catalog.get()?.clockOffset ?? 0);
          const step = now.object?.id === object.id ? stepBetween(now.object.body, object.body, at) : undefined;
          if (step) view.history.set([step, ...view.history.get()].slice(0, STEP_LIMIT));
          now = { object, gone: undefined };
        }
        view.watched.set(now);
      },
    });
    return () => {
      close();
      view.watched.set(NOTHING);
      view.history.set([]);
    };
  }, [feed, epoch, view]);
  return view;
}
