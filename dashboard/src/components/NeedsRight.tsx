import { Tooltip } from "@mantine/core";
import { Lock } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { useSession } from "~/api/use-session";
import { Notice } from "./PageState";

/** Shows its children to a session with the scope; to another one, which scope is missing. Nothing is asked for. */
export function NeedsRight({ scope, children }: { scope: string; children: ReactNode }) {
  const { allows } = useSession();
  if (allows(scope)) return children;
  return (
    <Notice
      icon={<Lock size={22} />}
      title="You have no right to see this"
      text={`Your key lacks the scope ${scope}. Sign in with a key that has the right.`}
    />
  );
}

interface WithRightProps {
  scope: string;
  /** Why it cannot be done even with the right: "Other tenants use this trunk". */
  unless?: string | null | undefined;
  /** Renders the control, disabled or not. */
  children: (disabled: boolean) => ReactElement;
}

/** A control that is disabled without the scope, and says why. */
export function WithRight({ scope, unless, children }: WithRightProps) {
  const { allows } = useSession();
  const why = allows(scope) ? unless : `Your key lacks the scope ${scope}.`;
  if (!why) return children(false);
  return (
    <Tooltip label={why}>
      {/* A disabled button has no events of its own: the wrapper has the tooltip's. */}
      <span>
        {children(true)}
        <span className="visually-hidden">{why}</span>
      </span>
    </Tooltip>
  );
}
