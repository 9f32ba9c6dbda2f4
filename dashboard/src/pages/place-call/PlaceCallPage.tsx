import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { callQuery } from "~/api/call-live";
import { ApiError } from "~/api/errors";
import { useSession } from "~/api/use-session";
import { Page } from "~/components/Page";
import { ErrorState, PageState } from "~/components/PageState";
import { CallForm } from "./CallForm";
import { draftLike, newDraft } from "./draft";
import classes from "./PlaceCallPage.module.css";
import { KINDS, type Kind } from "./search";

const NO_RIGHT = new ApiError(403, { type: "missing_scope", message: "Missing scope: calls:create" });
const LABELS: Record<Kind, string> = {
  phone: "Phone call",
  workflow: "Workflow",
  web: "Web call to an agent",
};

/** Places one call, then goes to it. */
export function PlaceCallPage() {
  const search = useSearch({ from: "/_app/place-call" });
  const { allows } = useSession();
  return (
    <Page title="Place a call" text="One call, now or at a time of your choice.">
      {!allows("calls:create") ? (
        <ErrorState error={NO_RIGHT} />
      ) : search.like === undefined ? (
        <KindOfCall key={`${search.agent ?? ""} ${search.workflow ?? ""}`} />
      ) : (
        <LikeCall key={search.like} callId={search.like} />
      )}
    </Page>
  );
}

function KindOfCall() {
  const search = useSearch({ from: "/_app/place-call" });
  const navigate = useNavigate({ from: "/place-call" });
  const { kind } = newDraft(search);
  return (
    <>
      <SegmentedControl
        className={classes.kinds}
        aria-label="Kind of call"
        value={kind}
        onChange={(chosen) =>
          void navigate({ search: (before) => ({ ...before, kind: chosen }), replace: true })
        }
        data={KINDS.map((value) => ({ value, label: LABELS[value] }))}
      />
      <CallForm key={kind} start={newDraft(search)} />
    </>
  );
}

function LikeCall({ callId }: { callId: string }) {
  const query = useQuery(callQuery(callId));
  return (
    <PageState query={query}>
      {(call) => (
        <>
          <p className={classes.note}>
            Filled in like call <code>{call.call_id}</code>.
            {call.workflow_slug !== null && " Its user context is encrypted: enter it again."}
          </p>
          <CallForm start={draftLike(call)} />
        </>
      )}
    </PageState>
  );
}
