import { Button } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { CloudOff, FileX, Inbox, Lock, RotateCw, Timer, TriangleAlert, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError, type ErrorKind } from "~/api/errors";
import { serverNowMs } from "~/lib/clock";
import { CodeSample } from "./CodeSample";
import { CopyButton } from "./CopyButton";
import classes from "./PageState.module.css";
import { Time } from "./Time";

interface PageStateProps<Data> {
  query: UseQueryResult<Data>;
  /** Rows of the skeleton. */
  skeletonRows?: number;
  /** What to show in place of an empty list: see `Empty`. */
  empty?: { when: (data: Data) => boolean; show: ReactNode };
  children: (data: Data) => ReactNode;
}

/**
 * Shows what a query has, or why it has nothing: loading, empty, an error with what to do, no right, not found.
 * If a refresh fails, what was read before stays, with its age.
 */
export function PageState<Data>({ query, skeletonRows = 8, empty, children }: PageStateProps<Data>) {
  if (query.data === undefined) {
    if (query.error) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
    return <Skeleton rows={skeletonRows} />;
  }
  return (
    <>
      {query.error && <Stale query={query} />}
      {empty?.when(query.data) ? empty.show : children(query.data)}
    </>
  );
}

function Stale({ query }: { query: Pick<UseQueryResult, "error" | "dataUpdatedAt" | "refetch"> }) {
  return (
    <div className={classes.stale} role="status">
      <CloudOff size={15} aria-hidden />
      <span>
        Not up to date: read <Time at={new Date(serverNowMs(query.dataUpdatedAt)).toISOString()} />.{" "}
        {query.error?.message}
      </span>
      <Button size="compact-xs" variant="default" onClick={() => void query.refetch()}>
        Try again
      </Button>
    </div>
  );
}

export function Skeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={classes.bar} />
      ))}
    </div>
  );
}

interface EmptyProps {
  title: string;
  text: string;
  /** A command that makes the first one. */
  code?: string;
  action?: ReactNode;
}

/** There is nothing yet: says what would be here, and how to make the first one. */
export function Empty({ title, text, code, action }: EmptyProps) {
  return (
    <Notice icon={<Inbox size={22} />} title={title} text={text} action={action}>
      {code && (
        <div className={classes.code}>
          <CodeSample samples={[{ label: "curl", code }]} />
        </div>
      )}
    </Notice>
  );
}

/** The resource was here, and its content was erased at its owner's wish. */
export function Erased({ at }: { at: string }) {
  return (
    <Notice
      icon={<Trash2 size={22} />}
      title="Erased"
      text="The personal data of this call is gone for good."
    >
      <Time at={at} absolute />
    </Notice>
  );
}

const WORDS: Record<ErrorKind, { title: string; todo: string; icon: ReactNode }> = {
  "no-answer": {
    title: "No answer",
    todo: "Check your connection. The page tries again by itself.",
    icon: <CloudOff size={22} />,
  },
  "signed-out": {
    title: "Signed out",
    todo: "Sign in again: you come back to this page.",
    icon: <Lock size={22} />,
  },
  "no-right": {
    title: "You have no right to see this",
    todo: "Sign in with a key that has the right.",
    icon: <Lock size={22} />,
  },
  "not-found": {
    title: "Not found",
    todo: "It does not exist, or belongs to another tenant or mode.",
    icon: <FileX size={22} />,
  },
  invalid: {
    title: "The request is not valid",
    todo: "Change the filters or the address.",
    icon: <TriangleAlert size={22} />,
  },
  conflict: {
    title: "It has changed meanwhile",
    todo: "Load it again, then repeat what you did.",
    icon: <RotateCw size={22} />,
  },
  limited: {
    title: "Too many requests",
    todo: "The key's limit of this minute is reached. The page goes on by itself.",
    icon: <Timer size={22} />,
  },
  "unknown-outcome": {
    title: "Outcome unknown",
    todo: "The request may have been done. Look whether it is there before you repeat it.",
    icon: <TriangleAlert size={22} />,
  },
  failed: {
    title: "The API failed",
    todo: "Try again. If it stays so, send the request id to your operator.",
    icon: <TriangleAlert size={22} />,
  },
};

/** An error of the dashboard itself: its own words help nobody, and are in the console. */
const BROKEN = {
  title: "This page failed",
  todo: "Try again. If it stays so, tell your operator which page it is.",
  icon: <TriangleAlert size={22} />,
};

/** An error with what to do about it. */
export function ErrorState({ error, retry }: { error: Error; retry?: () => void }) {
  const api = error instanceof ApiError ? error : null;
  const words = api ? WORDS[api.kind] : BROKEN;
  const message = api?.message ?? "It cannot show what it has read.";
  const scope = api?.missingScope;
  return (
    <Notice
      icon={words.icon}
      title={words.title}
      text={
        scope
          ? `Your key lacks the scope ${scope}. ${words.todo}`
          : `${message}. ${words.todo}`.replace("..", ".")
      }
      action={
        retry && (
          <Button variant="default" leftSection={<RotateCw size={14} />} onClick={retry}>
            Try again
          </Button>
        )
      }
    >
      {api?.requestId && (
        <span className={classes.request}>
          Request <code>{api.requestId}</code> <CopyButton text={api.requestId} what="request id" />
        </span>
      )}
    </Notice>
  );
}

interface NoticeProps {
  icon: ReactNode;
  title: string;
  text: string;
  action?: ReactNode;
  children?: ReactNode;
}

export function Notice({ icon, title, text, action, children }: NoticeProps) {
  return (
    <section className={classes.state}>
      <span className={classes.icon} aria-hidden>
        {icon}
      </span>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>{text}</p>
      {children}
      {action}
    </section>
  );
}
