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
export const SearchIcon = () => <Icon><circle cx="7" cy="7" r="4.2" /><path d="M10.2 10.2L14 14" /></Icon>;
export const LockIcon = ({ size = 12 }: { size?: number }) => <Icon size={size}><rect x="3.5" y="7" width="9" height="6.5" rx="1.2" /><path d="M5.5 7V5a2.5 2.5 0 015 0v2" /></Icon>;
export const CopyIcon = () => <Icon><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 5.5V4A1.5 1.5 0 009 2.5H4A1.5 1.5 0 002.5 4v5A1.5 1.5 0 004 10.5h1.5" /></Icon>;
export const UpIcon = () => <Icon size={12}><path d="M4 10l4-4 4 4" /></Icon>;
export const DownIcon = () => <Icon size={12}><path d="M4 6l4 4 4-4" /></Icon>;
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
export const KeysIcon = () => <Icon><rect x="1.5" y="4" width="13" height="8" rx="1.3" /><path d="M4 6.7h.1M6.7 6.7h.1M9.3 6.7h.1M12 6.7h.1M5 9.5h6" /></Icon>;
