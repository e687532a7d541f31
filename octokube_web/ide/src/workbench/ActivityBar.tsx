/** The page's places, one glyph each: what there is to look at, searching, and the pages about oneself and the hub. */
import type { MouseEvent, ReactNode } from "react";
import { formatPlace } from "../location";
import type { PageInfo } from "../pages";
import { useStore } from "../store";
import { AccessIcon, AgentIcon, AuditIcon, EventsIcon, GatewayIcon, HubIcon, PeopleIcon, PolicyIcon, SearchIcon, SettingsIcon, TerminalIcon, TokenIcon, TopologyIcon, TreeIcon, TryIcon } from "../ui/icons";
import { place, reveal } from "./tabs";

const GLYPHS: Record<string, ReactNode> = {
  search: <SearchIcon />,
  topology: <TopologyIcon />,
  events: <EventsIcon />,
  access: <AccessIcon />,
  tokens: <TokenIcon />,
  settings: <SettingsIcon />,
  hub: <HubIcon />,
  policy: <PolicyIcon />,
  simulate: <TryIcon />,
  audit: <AuditIcon />,
  sessions: <TerminalIcon />,
  people: <PeopleIcon />,
  agents: <AgentIcon />,
  gateways: <GatewayIcon />,
};

interface Props {
  readonly pages: readonly PageInfo[];
  readonly page: string;
  readonly isSideShut: boolean;
  readonly onSide: () => void;
}

export function ActivityBar({ pages, page, isSideShut, onSide }: Props) {
  const isAtFoot = ({ id }: PageInfo) => id === "settings";
  return (
    <nav className="activity" aria-label="Activities" data-region tabIndex={-1}>
      <button type="button" className="quiet square" data-first aria-label="Explorer" aria-pressed={!isSideShut} title={`${isSideShut ? "Show" : "Hide"} the explorer (Ctrl+B)`} onClick={onSide}>
        <TreeIcon />
      </button>
      <ul aria-label="You and the hub">
        {[...pages.filter((one) => !isAtFoot(one)), ...pages.filter(isAtFoot)].map((one) => (
          <li key={one.id} className={isAtFoot(one) ? "foot" : undefined}><Activity page={one} isShown={one.id === page} /></li>
        ))}
      </ul>
    </nav>
  );
}

function Activity({ page, isShown }: { page: PageInfo; isShown: boolean }) {
  const here = useStore(place);
  function choose(event: MouseEvent) {
    // With a modifier the browser opens a tab of its own, as for any link.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    reveal({ page: page.id });
  }
  return (
    <a href={formatPlace({ ...here, page: page.id })} aria-current={isShown ? "page" : undefined} title={page.title} onClick={choose}>
      {GLYPHS[page.id]}
      <span className="hush">{page.title}</span>
    </a>
  );
}
