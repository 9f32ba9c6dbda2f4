/** The tabs of a call's page, as the URL names them. */
export const TABS = ["story", "transcript", "tools", "deliveries", "json"] as const;
export type CallTab = (typeof TABS)[number];
