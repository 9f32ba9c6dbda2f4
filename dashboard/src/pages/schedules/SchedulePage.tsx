import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { useLive } from "~/api/live";
import { FormError } from "~/components/FormError";
import { IdText } from "~/components/IdText";
import { JsonView } from "~/components/JsonView";
import { Page } from "~/components/Page";
import { PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Tabs } from "~/components/Tabs";
import { DeleteButton } from "../build/DeleteButton";
import batch from "../batches/batches.module.css";
import { NextRuns } from "./NextRuns";
import { scheduleQuery, type Schedule } from "./queries";
import { stateOf, whenText } from "./words";

const ConfirmDialog = lazy(async () => ({
  default: (await import("~/components/ConfirmDialog")).ConfirmDialog,
}));

const Runs = lazy(async () => ({ default: (await import("./Runs")).Runs }));

const ScheduleForm = lazy(async () => ({ default: (await import("./ScheduleForm")).ScheduleForm }));

const EVERY_MS = 10_000;

/** One schedule: its next runs, what came of the last ones, its settings. */
export function SchedulePage() {
  const { scheduleId } = useParams({ from: "/_app/schedules_/$scheduleId" });
  const { tab } = useSearch({ from: "/_app/schedules_/$scheduleId" });
  const query = useLive({ ...scheduleQuery(scheduleId), everyMs: EVERY_MS });
  return (
    <Page
      title={query.data?.name ?? "Schedule"}
      text={query.data?.description}
      actions={query.data && <Actions schedule={query.data} />}
    >
      <PageState query={query}>
        {(schedule) => (
          <>
            <IdText id={schedule.id} what="schedule id" />
            <p className={batch.note}>
              <Status value={stateOf(schedule)} />
              {whenText(schedule)}
            </p>
            <Tabs
              label="Parts of the schedule"
              tabs={[
                [undefined, "Runs"],
                ["settings", "Settings"],
                ["json", "JSON"],
              ]}
            />
            {tab === undefined && (
              <>
                <NextRuns runs={schedule.next_runs} zone={schedule.cron ? schedule.timezone : undefined} />
                <Runs id={schedule.id} />
              </>
            )}
            {tab === "settings" && (
              <ScheduleForm key={schedule.id} schedule={schedule} onSaved={() => undefined} />
            )}
            {tab === "json" && <JsonView value={schedule} what="schedule" />}
          </>
        )}
      </PageState>
    </Page>
  );
}

function Actions({ schedule }: { schedule: Schedule }) {
  const [asks, setAsks] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  const params = { path: { schedule_id: schedule.id } };
  const refresh = () => client.invalidateQueries({ queryKey: ["schedules"] });
  const toggle = useMutation({
    mutationFn: () =>
      schedule.enabled
        ? body(api.POST("/api/v1/schedules/{schedule_id}/pause", { params }))
        : body(api.POST("/api/v1/schedules/{schedule_id}/resume", { params })),
    onSuccess: refresh,
  });
  const run = async () => {
    const headers = newIdempotencyKey();
    await body(api.POST("/api/v1/schedules/{schedule_id}/run", { params, headers }));
    await refresh();
  };
  return (
    <>
      <FormError error={toggle.error} />
      <ScopedButton scope="schedules:write" onClick={() => setAsks(true)}>
        Run now
      </ScopedButton>
      <ScopedButton
        scope="schedules:write"
        variant="default"
        loading={toggle.isPending}
        onClick={() => toggle.mutate()}
      >
        {schedule.enabled ? "Pause" : "Resume"}
      </ScopedButton>
      <DeleteButton
        scope="schedules:write"
        what={`schedule ${schedule.name}`}
        users={[]}
        remove={() => body(api.DELETE("/api/v1/schedules/{schedule_id}", { params }))}
        leave={() => navigate({ to: "/schedules" })}
        list="schedules"
      >
        It creates no more calls. Those that it created stay.
      </DeleteButton>
      {asks && (
        <Suspense fallback={null}>
          <ConfirmDialog
            opened
            onClose={() => setAsks(false)}
            title={`Run ${schedule.name} now?`}
            confirm="Run now"
            onConfirm={run}
          >
            {schedule.livemode
              ? "Its call is created now, in addition to its times. A phone may ring."
              : "Its call is created now, in addition to its times. It is test mode: no phone rings."}
          </ConfirmDialog>
        </Suspense>
      )}
    </>
  );
}
