import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useMemo, useRef, useState, type RefObject } from "react";
import type { Schemas } from "~/api/client";
import { FormError } from "~/components/FormError";
import { Empty } from "~/components/PageState";
import { Time } from "~/components/Time";
import { excerpt } from "~/lib/excerpt";
import { transcriptQuery } from "./queries";
import type { CallView } from "./timeline";
import classes from "./TranscriptTab.module.css";

type Turn = Schemas["TurnView"];

const TURN_HEIGHT = 64;
const SHOWN_AT_ONCE = 2_000;

/** What was said, as a chat: only the turns in sight are in the page. */
export default function TranscriptTab({ call }: { call: CallView }) {
  const more = useInfiniteQuery(transcriptQuery(call.call_id, call.transcript_next_cursor));
  const turns = useMemo(
    () => [...call.transcript, ...(more.data?.pages.flatMap((page) => page.data) ?? [])],
    [call.transcript, more.data],
  );
  const hasMore = more.data ? more.hasNextPage : call.transcript_next_cursor !== null;
  if (turns.length === 0) return <NothingSaid call={call} />;
  return (
    <div className={classes.stack}>
      {call.summary && (
        <section className={classes.summary} aria-label="Summary">
          <h2 className={classes.heading}>Summary</h2>
          <p className={classes.content}>{excerpt(call.summary, 4 * SHOWN_AT_ONCE).text}</p>
        </section>
      )}
      <Chat turns={turns} isLive={call.ended_at === null} />
      {hasMore && (
        <Button
          variant="default"
          size="compact-sm"
          loading={more.isFetching}
          onClick={() => void (more.data ? more.fetchNextPage() : more.refetch())}
        >
          Load the rest
        </Button>
      )}
      <FormError error={more.error} />
    </div>
  );
}

function NothingSaid({ call }: { call: CallView }) {
  const text =
    call.ended_at === null
      ? "Turns appear here as the agent reports them."
      : "The agent reported no turns of this call.";
  return <Empty title="Nothing was said" text={text} />;
}

function Chat({ turns, isLive }: { turns: Turn[]; isLive: boolean }) {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- it is used in this component alone
  const virtual = useVirtualizer({
    count: turns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => TURN_HEIGHT,
    overscan: 6,
  });
  // While the call goes on, the newest turn stays in sight of whoever reads at the end.
  const count = turns.length;
  useEffect(() => {
    if (isLive && virtual.isAtEnd(TURN_HEIGHT * 3)) virtual.scrollToIndex(count - 1, { align: "end" });
  }, [count, isLive, virtual]);
  useEndKey(scroller, () => virtual.scrollToIndex(count - 1, { align: "end" }));
  return (
    <div
      ref={scroller}
      className={classes.chat}
      role="log"
      // Turns that come into sight by scrolling are no news.
      aria-live={isLive ? "polite" : "off"}
      aria-label="Transcript"
      tabIndex={0}
    >
      <div className={classes.turns} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const turn = turns[index];
          return (
            turn && (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                className={classes.place}
                style={{ transform: `translateY(${start}px)` }}
              >
                <TurnView turn={turn} before={turns[index - 1]} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

/** The browser's own way by End stops where the end was before the turns there had their heights. */
function useEndKey(scroller: RefObject<HTMLElement | null>, goToEnd: () => void) {
  const onEnd = useEffectEvent(goToEnd);
  useEffect(() => {
    const element = scroller.current;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "End" || event.target !== element) return;
      event.preventDefault();
      onEnd();
    };
    element?.addEventListener("keydown", onKeyDown);
    return () => element?.removeEventListener("keydown", onKeyDown);
  }, [scroller]);
}

function TurnView({ turn, before }: { turn: Turn; before: Turn | undefined }) {
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const part = excerpt(turn.content, shown);
  const isAgent = turn.role === "assistant";
  const isNewAttempt = turn.attempt !== null && before !== undefined && turn.attempt !== before.attempt;
  return (
    <>
      {isNewAttempt && <p className={classes.attempt}>Attempt {turn.attempt}</p>}
      <article className={`${classes.turn} ${isAgent ? classes.agent : classes.person}`}>
        <p className={classes.who}>
          {isAgent ? (turn.agent ?? "Agent") : turn.role === "user" ? "Person" : turn.role}
          <Time at={turn.at} absolute />
        </p>
        <p className={classes.content}>{part.text}</p>
        {part.left > 0 && (
          <Button variant="subtle" size="compact-xs" onClick={() => setShown(shown + 10 * SHOWN_AT_ONCE)}>
            {`Show more: ${part.left.toLocaleString("en")} characters left`}
          </Button>
        )}
      </article>
    </>
  );
}
