/** The app's router and query client, and what a lost session does to both. */
import type { QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { forgetData, makeQueryClient } from "./api/query-client";
import { isSameSession, sessionQuery } from "./api/session";
import { Skeleton } from "./components/PageState";
import { onNewsOfOtherTabs } from "./lib/tabs";
import { routeTree } from "./routes.gen";
import { LostPage } from "./shell/LostPage";
import { PageError } from "./shell/PageError";

function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultPendingComponent: () => <Skeleton />,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: LostPage,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

export function makeApp() {
  const goToSignIn = () => {
    const here = router.state.location;
    forgetData(queryClient);
    if (here.pathname === "/sign-in") return;
    void router.navigate({ to: "/sign-in", search: { return_to: here.href, expired: true }, replace: true });
  };
  const queryClient = makeQueryClient(() => goToSignIn());
  const router = makeRouter(queryClient);
  const takeOverSession = async () => {
    const before = queryClient.getQueryData(sessionQuery.queryKey);
    queryClient.removeQueries({ queryKey: sessionQuery.queryKey });
    await router.invalidate();
    const now = queryClient.getQueryData(sessionQuery.queryKey);
    // The cookie is another tenant's or key's: nothing that was read before may stay beside what is read now.
    if (before && now && !isSameSession(before, now)) location.reload();
  };
  onNewsOfOtherTabs((news) => {
    if (news === "signed-out") goToSignIn();
    else void takeOverSession();
  });
  return { router, queryClient };
}
