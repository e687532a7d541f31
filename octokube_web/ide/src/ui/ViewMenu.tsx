/** Gives what a table shows a name, and goes to what has one. */
import { useState, type FormEvent } from "react";
import type { Place } from "../location";
import { useStore } from "../store";
import { forgetView, isView, placeOf, savedViews, saveView } from "../workbench/saved";
import { go } from "../workbench/tabs";
import { CloseIcon, ViewIcon } from "./icons";
import { Popover } from "./Popover";

interface Props {
  readonly place: Place;
  /** What the view is called unless somebody says otherwise. */
  readonly title: string;
}

export function ViewMenu({ place, title }: Props) {
  const views = useStore(savedViews).filter((one) => one.place.type === place.type && one.place.cluster === place.cluster);
  return (
    <Popover label="Views" icon={<ViewIcon />}>
      {(close) => (
        <>
          {views.length > 0 && (
            <ul className="column-list">
              {views.map((view) => (
                <li key={view.name}>
                  <button type="button" className="link view-link" aria-current={isView(view, place) ? "true" : undefined} onClick={() => (go(placeOf(view)), close())}>{view.name}</button>
                  <button type="button" className="quiet square" aria-label={`Forget the view ${view.name}`} onClick={() => forgetView(view.name)}><CloseIcon /></button>
                </li>
              ))}
            </ul>
          )}
          <SaveForm place={place} title={title} onSaved={close} />
        </>
      )}
    </Popover>
  );
}

function SaveForm({ place, title, onSaved }: Props & { onSaved: () => void }) {
  const [name, setName] = useState([title, place.namespace && `in ${place.namespace}`, place.labels, place.filter].filter(Boolean).join(" "));
  function save(event: FormEvent) {
    event.preventDefault();
    const wanted = name.trim();
    if (!wanted) return;
    saveView(wanted, place);
    onSaved();
  }
  return (
    <form className="view-form" onSubmit={save}>
      <label>
        <span className="muted">Name of what is shown now</span>
        <input value={name} maxLength={80} required onChange={(event) => setName(event.target.value)} />
      </label>
      <button type="submit" className="primary">Save the view</button>
    </form>
  );
}
