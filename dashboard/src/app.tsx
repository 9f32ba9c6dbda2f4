/** The app's router and query client, and what a lost session does to both. */
import type { QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { makeQueryClient } from "./api/query-client";
import { ErrorState, Notice, Skeleton } from "./components/PageState";
import { onNewsOfOtherTabs } from "./lib/tabs";
import { FileX } from "lucide-react";
import { routeTree } from "./routes.gen";

function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultPendingComponent: () => <Skeleton />,
    defaultErrorComponent: ({ error, reset }) => (
      <ErrorState error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
    ),
    defaultNotFoundComponent: () => (
      <Notice
        icon={<FileX size={22} />}
        title="No such page"
        text="Check the address, or choose a page from the navigation."
      />
    ),
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
    queryClient.removeQueries();
    if (here.pathname === "/sign-in") return;
    void router.navigate({ to: "/sign-in", search: { return_to: here.href, expired: true }, replace: true });
  };
  const queryClient = makeQueryClient(() => goToSignIn());
  const router = makeRouter(queryClient);
  onNewsOfOtherTabs((news) => {
    if (news === "signed-out") goToSignIn();
    else void router.invalidate();
  });
  return { router, queryClient };
}
