import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** Shows what a save answered: a read that was under way could still have the values before it. */
export async function keepSaved(client: QueryClient, queryKey: QueryKey, saved: unknown): Promise<void> {
  await client.cancelQueries({ queryKey });
  client.setQueryData(queryKey, saved);
  void client.invalidateQueries({ queryKey: queryKey.slice(0, 1) });
}
