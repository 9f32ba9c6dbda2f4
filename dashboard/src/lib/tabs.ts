/** News between the tabs of one browser: a session that one of them opened or closed. */

export type TabNews = "signed-in" | "signed-out";

/** One for sending and hearing: a channel hears the others' messages, but not its own. */
const channel = new BroadcastChannel("trunkline-session");

export function tellOtherTabs(news: TabNews): void {
  channel.postMessage(news);
}

export function onNewsOfOtherTabs(listener: (news: TabNews) => void): () => void {
  const onMessage = ({ data }: MessageEvent<unknown>) => {
    if (data === "signed-in" || data === "signed-out") listener(data);
  };
  channel.addEventListener("message", onMessage);
  return () => channel.removeEventListener("message", onMessage);
}
