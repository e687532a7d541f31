/** The page's own glyphs. All are decoration: the text beside them says what they mean. */
import type { ReactNode } from "react";

function Icon({ children, size = 16, className }: { children: ReactNode; size?: number; className?: string }) {
  return (
    <svg
      className={className ? `icon ${className}` : "icon"}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const MarkIcon = ({ size = 20 }: { size?: number }) => (
  <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="7" />
    <path d="M16 5.5l9 5.2v10.6l-9 5.2-9-5.2V10.7zM7 10.7l9 5.3 9-5.3M16 16v10.5" />
  </svg>
);
export const MenuIcon = () => <Icon><path d="M2.5 4h11M2.5 8h11M2.5 12h11" /></Icon>;
export const CloseIcon = () => <Icon><path d="M4 4l8 8M12 4l-8 8" /></Icon>;
export const LabelIcon = () => <Icon><path d="M2.5 3.5v4l6 6 5-5-6-6h-4zM5.2 5.9v.1" /></Icon>;
export const TryIcon = () => <Icon><path d="M6 2.5h4M6.8 2.5v4L3.4 12a1 1 0 0 0 .9 1.5h7.4a1 1 0 0 0 .9-1.5L9.2 6.5v-4M5 10h6" /></Icon>;
export const TopologyIcon = () => <Icon><path d="M2.5 6.2h4v3.6h-4zM10 2.5h3.5v3.2H10zM10 10.3h3.5v3.2H10zM6.5 8h1.7V4.1H10M8.2 8v3.9H10" /></Icon>;
export const EventsIcon = () => <Icon><path d="M2.5 4.5h5M5 8h7M9 11.5h4.5M2.5 13.8h11" /></Icon>;
export const SearchIcon = () => <Icon><circle cx="7" cy="7" r="4.2" /><path d="M10.2 10.2L14 14" /></Icon>;
export const LockIcon = ({ size = 12 }: { size?: number }) => <Icon size={size}><rect x="3.5" y="7" width="9" height="6.5" rx="1.2" /><path d="M5.5 7V5a2.5 2.5 0 015 0v2" /></Icon>;
export const CopyIcon = () => <Icon><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 5.5V4A1.5 1.5 0 009 2.5H4A1.5 1.5 0 002.5 4v5A1.5 1.5 0 004 10.5h1.5" /></Icon>;
export const UpIcon = () => <Icon size={12}><path d="M4 10l4-4 4 4" /></Icon>;
export const DownIcon = () => <Icon size={12}><path d="M4 6l4 4 4-4" /></Icon>;
export const ClosedIcon = () => <Icon size={12}><path d="M6 4l4 4-4 4" /></Icon>;
export const PauseIcon = () => <Icon><path d="M5.5 3.5v9M10.5 3.5v9" /></Icon>;
export const PlayIcon = () => <Icon><path d="M5 3.5l7 4.5-7 4.5z" /></Icon>;
export const DownloadIcon = () => <Icon><path d="M8 2.5v7.5M5 7.5l3 3 3-3M3 13.5h10" /></Icon>;
export const ColumnsIcon = () => <Icon><rect x="2.5" y="3" width="11" height="10" rx="1" /><path d="M6.2 3v10M9.8 3v10" /></Icon>;
export const ExitIcon = () => <Icon><path d="M6.5 2.5h-3a1 1 0 00-1 1v9a1 1 0 001 1h3M10.5 11l3-3-3-3M13.5 8H6" /></Icon>;
export const ThemeIcon = () => <Icon><circle cx="8" cy="8" r="5.5" /><path d="M8 2.5v11a5.5 5.5 0 000-11z" fill="currentColor" /></Icon>;
export const WarnIcon = () => <Icon><path d="M8 2.5l6 10.5H2zM8 6.5v3M8 11.3v.1" /></Icon>;
export const EmptyIcon = () => <Icon size={36}><path d="M2.5 9.5l2-6h7l2 6v3.5h-11zM2.5 9.5h3.5l.7 1.5h2.6l.7-1.5h3.5" strokeWidth="0.8" /></Icon>;
export const HiddenIcon = () => <Icon size={36}><path d="M2 8s2.3-4 6-4 6 4 6 4-2.3 4-6 4-6-4-6-4zM3 13L13 3" strokeWidth="0.8" /></Icon>;
export const BackIcon = () => <Icon><path d="M9.5 3.5L5 8l4.5 4.5" /></Icon>;
export const SplitIcon = () => <Icon><rect x="2.5" y="3" width="11" height="10" rx="1" /><path d="M8 3v10" /></Icon>;
export const OwnTabIcon = () => <Icon><path d="M9.5 3H13v3.5M13 3L7.5 8.5M7 4H4a1 1 0 00-1 1v7a1 1 0 001 1h7a1 1 0 001-1V9" /></Icon>;
export const TreeIcon = () => <Icon><path d="M3 3.5h4M6 8h7M6 12.5h7M3 3.5v9h3M3 8h3" /></Icon>;
export const AccessIcon = () => <Icon><circle cx="5.5" cy="10.5" r="3" /><path d="M7.7 8.3L13 3M10.5 5.5l2 2" /></Icon>;
export const TokenIcon = () => <Icon><path d="M2 5.5h12v2a1.5 1.5 0 000 3v2H2v-2a1.5 1.5 0 000-3zM9.5 5.5v7" /></Icon>;
export const SettingsIcon = () => <Icon><circle cx="8" cy="8" r="2.2" /><path d="M8 2v2M8 12v2M2 8h2M12 8h2M3.8 3.8l1.4 1.4M10.8 10.8l1.4 1.4M12.2 3.8l-1.4 1.4M5.2 10.8l-1.4 1.4" /></Icon>;
export const HubIcon = () => <Icon><rect x="2.5" y="3" width="11" height="4" rx="1" /><rect x="2.5" y="9" width="11" height="4" rx="1" /><path d="M5 5h.1M5 11h.1" /></Icon>;
export const PolicyIcon = () => <Icon><path d="M8 2l5 2v4c0 3-2 5-5 6.2C5 13 3 11 3 8V4zM6 8l1.5 1.5L10.5 6" /></Icon>;
export const AuditIcon = () => <Icon><path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1" /></Icon>;
export const TerminalIcon = () => <Icon><rect x="2" y="3" width="12" height="10" rx="1.2" /><path d="M4.5 6l2 2-2 2M8 10.3h3" /></Icon>;
export const PeopleIcon = () => <Icon><circle cx="6" cy="5.5" r="2.2" /><path d="M2 13c0-2.5 1.7-4 4-4s4 1.5 4 4M10.5 3.6a2.2 2.2 0 010 3.9M11.5 9.3c1.6.5 2.5 1.8 2.5 3.7" /></Icon>;
export const AgentIcon = () => <Icon><circle cx="8" cy="8" r="1.6" /><path d="M4.9 11.1a4.4 4.4 0 010-6.2M11.1 4.9a4.4 4.4 0 010 6.2M3 13a7 7 0 010-10M13 3a7 7 0 010 10" /></Icon>;
export const GatewayIcon = () => <Icon><path d="M3 14V6a5 5 0 0110 0v8M6 14V7a2 2 0 014 0v7M1.5 14h13" /></Icon>;
export const ViewIcon = () => <Icon><path d="M4.5 2.5h7v11L8 10.8l-3.5 2.7z" /></Icon>;
export const KeysIcon = () => <Icon><rect x="1.5" y="4" width="13" height="8" rx="1.3" /><path d="M4 6.7h.1M6.7 6.7h.1M9.3 6.7h.1M12 6.7h.1M5 9.5h6" /></Icon>;
