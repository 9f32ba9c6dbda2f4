/** What the deployment says of itself to the dashboard, before anybody has signed in. */
import { queryOptions } from "@tanstack/react-query";
import { errorOf, networkError } from "./errors";

export interface DashboardConfig {
  stage: string;
  /** How people sign in with the deployment's user pool; null if it has none. */
  cognito: { domain: string; client_id: string } | null;
}

export const configQuery = queryOptions({
  queryKey: ["config"],
  staleTime: Infinity,
  queryFn: async ({ signal }): Promise<DashboardConfig> => {
    // eslint-disable-next-line no-restricted-globals -- it is no route of the API
    const response = await fetch("/config.json", { signal }).catch(() => {
      throw networkError();
    });
    if (!response.ok) throw errorOf(response.status, response.headers, null);
    return (await response.json()) as DashboardConfig;
  },
});
