import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { api, body, type Schemas } from "~/api/client";
import { useLive } from "~/api/live";
import { useSession } from "~/api/use-session";
import { Facts } from "~/components/Facts";
import { IdText } from "~/components/IdText";
import { PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Time } from "~/components/Time";
import { LiveKitForm } from "./LiveKitForm";
import { liveKitQuery } from "./queries";
import classes from "./settings.module.css";

const ConfirmDialog = lazy(() =>
  import("~/components/ConfirmDialog").then((module) => ({ default: module.ConfirmDialog })),
);
const EVERY_MS = 30_000;

/** The LiveKit project that the tenant's calls use. */
export function LiveKitPage() {
  const query = useLive({ ...liveKitQuery, everyMs: EVERY_MS });
  return (
    <PageState query={query} skeletonRows={5}>
      {(project) => (
        <div className={classes.panel}>
          <Shown project={project} />
          <Change project={project} />
          {project.own && <Return />}
        </div>
      )}
    </PageState>
  );
}

type Project = Schemas["LiveKitView"];

function Shown({ project }: { project: Project }) {
  if (!project.own) {
    return (
      <p className={classes.muted}>
        Your calls use the deployment&rsquo;s LiveKit project. Set a project of your own to have rooms, agents
        and recordings in your account.
      </p>
    );
  }
  return (
    <Facts
      facts={[
        ["Project", <IdText key="u" id={project.url ?? ""} what="URL" />],
        ["API key", <IdText key="k" id={project.api_key ?? ""} what="LiveKit API key" />],
        ["Secret", "Stored in AWS Secrets Manager, never shown"],
        ["Changed", <Time key="c" at={project.changed_at} absolute />],
        ["Webhook URL", <IdText key="w" id={project.webhook_url} what="webhook URL" />],
      ]}
    />
  );
}

function Change({ project }: { project: Project }) {
  const blocked = useBlocked();
  return (
    <section className={classes.section}>
      <h2>{project.own ? "Change the project" : "Use a project of your own"}</h2>
      <p>
        Your web calls use it within a minute. Your operator adds trunks of it for phone calls. Trunks that
        LiveKit refused dial again at once. Then add the webhook URL in the project&rsquo;s settings in
        LiveKit, or calls do not learn how they end.
      </p>
      <LiveKitForm project={project} blocked={blocked} />
    </section>
  );
}

/** Why the project cannot be changed now. */
function useBlocked(): string | undefined {
  const { allows, mode } = useSession();
  if (mode === "test") return "Test calls need no LiveKit: switch to live mode to change the project.";
  return allows("livekit:write") ? undefined : "Your session lacks the scope livekit:write.";
}

function Return() {
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState(false);
  const remove = async () => {
    await body(api.DELETE("/api/v1/livekit"));
    await queryClient.invalidateQueries({ queryKey: liveKitQuery.queryKey });
  };
  return (
    <section className={classes.section}>
      <h2>Return to the deployment&rsquo;s project</h2>
      <p>Your API key and secret are deleted at once.</p>
      <ScopedButton scope="livekit:write" blocked={useBlocked()} danger onClick={() => setAsked(true)}>
        Remove the project
      </ScopedButton>
      <Suspense>
        {asked && (
          <ConfirmDialog
            opened
            onClose={() => setAsked(false)}
            title="Remove your LiveKit project?"
            confirm="Remove project"
            danger
            onConfirm={remove}
          >
            Web calls use the deployment&rsquo;s project within a minute. Trunks of your project cannot dial
            any more: their calls wait until you set a project again, or until they expire. Calls in progress
            are not followed to their end.
          </ConfirmDialog>
        )}
      </Suspense>
    </section>
  );
}
