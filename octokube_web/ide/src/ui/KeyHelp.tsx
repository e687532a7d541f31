/** Lists the keys. */
import { useEffect, useRef } from "react";
import { CloseIcon } from "./icons";

const KEYS: readonly (readonly [string, string])[] = [
  ["↑ ↓ or k j", "previous, next row"],
  ["PgUp PgDn", "a page up, down"],
  ["Home End or g G", "first, last row"],
  ["Enter", "open the object"],
  ["Esc", "close the object, or unmark, or clear the filter"],
  ["/", "filter"],
  ["Space", "mark the row, or not"],
  ["Shift+↑ Shift+↓", "mark rows on the way"],
  ["Ctrl+A", "mark all that are shown"],
  ["d y e o", "the object: overview, YAML, edit, related"],
  ["l s", "its logs, a shell in it"],
  ["r Shift+S Del", "restart, scale, delete what is marked, or the row"],
  ["c", "copy the name"],
  ["z", "hold the table still, or let it move again"],
  ["w", "why something may, or may not, be done to the row"],
  ["Ctrl+Shift+F", "search everything that you may see"],
  ["Ctrl+P", "go to an object, by its name"],
  ["Ctrl+K or F1", "commands"],
  ["Alt+[ Alt+]", "previous, next tab"],
  ["Alt+Q", "the tab used before"],
  ["Alt+W", "close the tab"],
  ["Alt+Shift+T", "open the closed tab again"],
  ["Ctrl+\\", "split to the right, with Shift downwards"],
  ["Alt+Shift+arrow", "move the tab that way"],
  ["Alt+Shift+1…4", "a group of tabs"],
  ["Ctrl+B", "show or hide the side bar"],
  ["F6, Shift+F6", "next, previous part of the page"],
  ["?", "this help"],
];

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="keys" onClose={onClose}>
      <header>
        <h1 id="keys">Keyboard</h1>
        <button type="button" className="quiet square" aria-label="Close" onClick={onClose}><CloseIcon /></button>
      </header>
      <dl className="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div>
        ))}
      </dl>
      <p className="muted">Single letters act while the table has the focus. They can be switched off in Settings.</p>
    </dialog>
  );
}
