/** The pages of the dashboard, in the order of the navigation. One that has no route yet is not shown. */
import {
  Activity,
  Blocks,
  Bot,
  CalendarClock,
  ListOrdered,
  Network,
  PhoneCall,
  PhoneOutgoing,
  Settings,
  ShieldCheck,
  Webhook,
  Workflow,
  Zap,
  type LucideIcon,
} from "lucide-react";

export interface Page {
  label: string;
  /** A path of `src/routes/`. */
  to: string;
  icon: LucideIcon;
  /** The second key of its shortcut: "g", then this one. */
  key: string;
}

export interface Section {
  label: string;
  pages: Page[];
}

export const SECTIONS: Section[] = [
  {
    label: "Watch",
    pages: [
      { label: "Now", to: "/now", icon: Activity, key: "n" },
      { label: "Calls", to: "/calls", icon: PhoneCall, key: "c" },
    ],
  },
  {
    label: "Call",
    pages: [
      { label: "Place a call", to: "/place-call", icon: PhoneOutgoing, key: "p" },
      { label: "Schedules", to: "/schedules", icon: CalendarClock, key: "s" },
      { label: "Batches", to: "/batches", icon: ListOrdered, key: "b" },
    ],
  },
  {
    label: "Build",
    pages: [
      { label: "Agents", to: "/agents", icon: Bot, key: "a" },
      { label: "Workflows", to: "/workflows", icon: Workflow, key: "w" },
      { label: "Tools", to: "/tools", icon: Blocks, key: "o" },
    ],
  },
  {
    label: "Connect",
    pages: [
      { label: "Trunks & numbers", to: "/trunks", icon: Network, key: "t" },
      { label: "Rules", to: "/rules", icon: ShieldCheck, key: "r" },
      { label: "Triggers", to: "/triggers", icon: Zap, key: "i" },
      { label: "Webhooks", to: "/webhooks", icon: Webhook, key: "h" },
    ],
  },
  {
    label: "Account",
    pages: [{ label: "Settings", to: "/settings", icon: Settings, key: "e" }],
  },
];

/** The sections with those pages alone that there are. */
export function sectionsOf(paths: ReadonlySet<string>): Section[] {
  return SECTIONS.map((section) => ({
    ...section,
    pages: section.pages.filter((page) => paths.has(page.to)),
  })).filter((section) => section.pages.length > 0);
}
