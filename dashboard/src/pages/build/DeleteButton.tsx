import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { ScopedButton } from "~/components/ScopedButton";

const DeleteDialog = lazy(async () => ({
  default: (await import("~/components/DeleteDialog")).DeleteDialog,
}));

interface DeleteButtonProps {
  scope: string;
  /** "agent Ada" */
  what: string;
  users: string[];
  children: ReactNode;
  remove: () => Promise<unknown>;
  /** Leaves the page of what is gone. */
  leave: () => Promise<unknown>;
  /** The first part of the keys of its queries. */
  list: string;
}

/** Deletes a resource after asking, and leaves its page. */
export function DeleteButton({ scope, what, users, children, remove, leave, list }: DeleteButtonProps) {
  const [asks, setAsks] = useState(false);
  const client = useQueryClient();
  const run = async () => {
    await remove();
    await leave();
    await client.invalidateQueries({ queryKey: [list] });
  };
  return (
    <>
      <ScopedButton scope={scope} variant="default" onClick={() => setAsks(true)}>
        Delete
      </ScopedButton>
      {asks && (
        <Suspense fallback={null}>
          <DeleteDialog opened onClose={() => setAsks(false)} what={what} users={users} onDelete={run}>
            {children}
          </DeleteDialog>
        </Suspense>
      )}
    </>
  );
}
