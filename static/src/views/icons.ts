import { html, type TemplateResult } from "lit";
import {
  createElement,
  ArrowDownLeft,
  ArrowLeft,
  ArrowUpRight,
  Bell,
  ChevronRight,
  CircleAlert,
  CircleHelp,
  Clock,
  Delete,
  Download,
  Grid3x3,
  Headset,
  History,
  Info,
  KeyRound,
  LogOut,
  Mic,
  MicOff,
  Pause,
  Phone,
  PhoneIncoming,
  PhoneMissed,
  PhoneOff,
  PhoneOutgoing,
  Play,
  RotateCw,
  Search,
  Settings,
  User,
  Volume2,
  X,
  type IconNode,
} from "lucide";

const ICONS = {
  alert: CircleAlert,
  back: ArrowLeft,
  bell: Bell,
  chevron: ChevronRight,
  clock: Clock,
  close: X,
  delete: Delete,
  download: Download,
  hangup: PhoneOff,
  help: CircleHelp,
  history: History,
  in: ArrowDownLeft,
  info: Info,
  key: KeyRound,
  keypad: Grid3x3,
  lines: Headset,
  logout: LogOut,
  mic: Mic,
  "mic-off": MicOff,
  out: ArrowUpRight,
  pause: Pause,
  phone: Phone,
  "phone-in": PhoneIncoming,
  "phone-missed": PhoneMissed,
  "phone-out": PhoneOutgoing,
  play: Play,
  retry: RotateCw,
  search: Search,
  settings: Settings,
  user: User,
  volume: Volume2,
} satisfies Record<string, IconNode>;

export type IconName = keyof typeof ICONS;

const SVG = "http://www.w3.org/2000/svg";

/** Puts every icon into the page once, as symbols that `icon` refers to. */
export function installIcons(): void {
  const sprite = document.createElementNS(SVG, "svg");
  sprite.setAttribute("class", "sprite");
  sprite.setAttribute("aria-hidden", "true");
  for (const [name, node] of Object.entries(ICONS)) {
    const symbol = document.createElementNS(SVG, "symbol");
    symbol.id = `icon-${name}`;
    symbol.setAttribute("viewBox", "0 0 24 24");
    symbol.append(...createElement(node).childNodes);
    sprite.append(symbol);
  }
  document.body.append(sprite);
}

export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" aria-hidden="true" focusable="false"><use href="#icon-${name}"></use></svg>`;
}
