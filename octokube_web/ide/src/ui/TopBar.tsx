/** Mark, cluster, who is signed in, and the way out. */
import type { Catalog } from "../feed/messages";
import { useStore } from "../store";
import { useSession } from "./context";
import { shortSubject } from "./format";
import { ExitIcon, KeysIcon, MarkIcon, MenuIcon, SearchIcon, ThemeIcon } from "./icons";
import { StateDot } from "./StateDot";
import { nextTheme, settings } from "./settings";
import { go } from "../workbench/tabs";

interface Props {
  readonly catalog: Catalog | undefined;
  readonly cluster: string;
  readonly isMenuOpen: boolean;
  readonly onMenu: () => void;
  readonly onHelp: () => void;
  readonly onSearch: () => void;
}

const TONES = { live: "good", stale: "busy", offline: "bad" } as const;

export function TopBar({ catalog, cluster, isMenuOpen, onMenu, onHelp, onSearch }: Props) {
  const { subject, memberships, signOut } = useSession();
  const { theme } = useStore(settings);
  const clusters = catalog?.clusters ?? [];
  const current = clusters.find((one) => one.name === cluster);
  return (
    <header className="top" data-region>
      <button type="button" className="quiet square menu-button" aria-expanded={isMenuOpen} aria-controls="types" aria-label="Types" onClick={onMenu}>
        <MenuIcon />
      </button>
      <span className="brand"><MarkIcon /><span>Octokube</span></span>
      <label className="picker">
        <span className="hush">Cluster</span>
        {current && <StateDot tone={TONES[current.health.condition]} />}
        <select
          value={cluster}
          disabled={clusters.length === 0}
          data-first
          onChange={(event) => go({ cluster: event.target.value, page: "", namespace: "", name: "", inNamespace: "", filter: "" })}
        >
          {!current && <option value={cluster}>{cluster || "no cluster"}</option>}
          {clusters.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}{one.health.condition === "live" ? "" : ` (${one.health.condition})`}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="top-search" aria-keyshortcuts="Control+P" onClick={onSearch}>
        <SearchIcon /><span>Go to anything</span><kbd>Ctrl P</kbd>
      </button>
      <span className="identity" title={[subject, ...memberships].join("\n")}>
        <span className="avatar small" aria-hidden="true">{shortSubject(subject).charAt(0).toUpperCase()}</span>
        <span className="who">{shortSubject(subject)}</span>
        <span className="muted memberships">{memberships.join(", ")}</span>
      </span>
      <button type="button" className="quiet square wide-only" aria-label="Keyboard help" title="Keyboard help (?)" onClick={onHelp}>
        <KeysIcon />
      </button>
      <button type="button" className="quiet square" aria-label={`Theme: ${theme}. Change`} title={`Theme: ${theme}`} onClick={nextTheme}>
        <ThemeIcon />
      </button>
      <button type="button" className="quiet square" aria-label="Sign out" title="Sign out" onClick={signOut}>
        <ExitIcon />
      </button>
    </header>
  );
}
