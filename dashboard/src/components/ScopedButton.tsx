import { Button, Tooltip, type ButtonProps } from "@mantine/core";
import type { MouseEventHandler, ReactNode } from "react";
import { useSession } from "~/api/use-session";
import classes from "./ScopedButton.module.css";

interface ScopedButtonProps extends ButtonProps {
  /** The scope that the action needs. */
  scope: string;
  /** Another reason why it cannot be done now, as a sentence. */
  blocked?: string | undefined;
  /** It cannot be undone. */
  danger?: boolean;
  onClick: MouseEventHandler<HTMLButtonElement>;
  children: ReactNode;
}

/** A button of an action; where the session may not do it, it stays in its place and says why. */
export function ScopedButton({
  scope,
  blocked,
  danger = false,
  onClick,
  children,
  ...rest
}: ScopedButtonProps) {
  const button: ButtonProps = danger
    ? { ...rest, variant: "default", classNames: { root: classes.danger } }
    : rest;
  const { allows } = useSession();
  const why = allows(scope) ? blocked : `Your session lacks the scope ${scope}.`;
  // The button is the same one when its reason comes or goes: the focus stays on it.
  return (
    <Tooltip label={why ?? ""} disabled={why === undefined} multiline maw={280}>
      <Button
        {...button}
        {...(why === undefined
          ? { onClick }
          : {
              "data-disabled": true,
              "aria-disabled": true,
              "aria-description": why,
              onClick: (event) => event.preventDefault(),
            })}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
