/** A small panel under the button that opens it. Escape and a click beside it close it and give the focus back. */
import { useEffect, useId, useRef, useState, type ReactNode } from "react";

interface Props {
  readonly label: string;
  readonly icon: ReactNode;
  readonly children: (close: () => void) => ReactNode;
}

export function Popover({ label, icon, children }: Props) {
  const [isOpen, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!isOpen) return;
    place.current?.querySelector<HTMLElement>(".popover button, .popover input")?.focus();
    const press = (event: PointerEvent) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener("pointerdown", press);
    return () => window.removeEventListener("pointerdown", press);
  }, [isOpen]);
  return (
    <div
      ref={place}
      className="popover-place"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        close();
      }}
    >
      <button ref={button} type="button" className="quiet square" aria-label={label} title={label} aria-expanded={isOpen} aria-controls={isOpen ? id : undefined} onClick={() => setOpen(!isOpen)}>
        {icon}
      </button>
      {isOpen && <div id={id} className="popover" role="group" aria-label={label}>{children(close)}</div>}
    </div>
  );
}
