/** News between the tabs of one browser: a session that one of them opened or closed. */

export type TabNews = "signed-in" | "signed-out";

const CHANNEL = "trunkline-session";

export function tellOtherTabs(news: TabNews): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(news);
  channel.close();
}

export function onNewsOfOtherTabs(listener: (news: TabNews) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === "signed-in" || data === "signed-out") listener(data);
  };
  return () => channel.close();
}
