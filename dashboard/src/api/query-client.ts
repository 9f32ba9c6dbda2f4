/** What all queries share: when to try again, and what a lost session means. */
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { configQuery } from "./config";
import { ApiError } from "./errors";
import { noteLimit } from "./polling";
import { sessionQuery } from "./session";
import { recoveryMs, retryDelayMs, shouldRetry } from "./retry";

/** Makes the client; `onSignedOut` is called when the API no longer accepts the session. */
export function makeQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: Error, wasSignedIn: boolean) => {
    if (!(error instanceof ApiError)) {
      // A bug: the page says that it failed, and the console why.
      console.error(error);
      return;
    }
    if (error.kind === "signed-out" && wasSignedIn) onSignedOut();
    if (error.kind === "limited") noteLimit(error.retryAfterS);
  };
  const isSignedIn = () => client.getQueryData(sessionQuery.queryKey) !== undefined;
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => onError(error, isSignedIn()) }),
    mutationCache: new MutationCache({ onError: (error) => onError(error, isSignedIn()) }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 5 * 60_000,
        retry: shouldRetry,
        retryDelay: retryDelayMs,
        refetchOnWindowFocus: true,
        // A lost network is an error that says so, with what was there before, not a silent pause.
        networkMode: "always",
        refetchOnReconnect: true,
        // Pages that poll have an interval of their own.
        refetchInterval: ({ state }) => recoveryMs(state.error),
      },
      // A write may have been done though no answer came: the person decides whether to try again.
      mutations: { retry: false, networkMode: "always" },
    },
  });
  return client;
}

/** Forgets what a session has read. What the deployment says of itself stays: the sign-in page shows it. */
export function forgetData(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== configQuery.queryKey[0] });
}
