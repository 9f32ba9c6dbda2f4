import { lazy } from "react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { api, body } from "~/api/client";
import { useLive } from "~/api/live";
import { IdText } from "~/components/IdText";
import { JsonView } from "~/components/JsonView";
import { Page } from "~/components/Page";
import { PageState } from "~/components/PageState";
import { Tabs } from "~/components/Tabs";
import { DeleteButton } from "../build/DeleteButton";

const VersionPages = lazy(async () => ({ default: (await import("../build/VersionPages")).VersionPages }));

const WorkflowForm = lazy(async () => ({ default: (await import("./WorkflowForm")).WorkflowForm }));

const EVERY_MS = 15_000;

/** One workflow: its settings, its versions, its JSON. */
export function WorkflowPage() {
  const path = useParams({ from: "/_app/workflows_/$slug" });
  const { tab } = useSearch({ from: "/_app/workflows_/$slug" });
  const query = useLive({
    everyMs: EVERY_MS,
    queryKey: ["workflows", path.slug],
    queryFn: ({ signal }) => body(api.GET("/api/v1/workflows/{slug}", { params: { path }, signal })),
  });
  return (
    <Page title={query.data?.name ?? "Workflow"} actions={query.data && <Delete slug={query.data.slug} />}>
      <PageState query={query}>
        {(workflow) => (
          <>
            <IdText id={workflow.slug} what="slug" />
            <Tabs
              label="Parts of the workflow"
              tabs={[
                [undefined, "Settings"],
                ["versions", "Versions"],
                ["json", "JSON"],
              ]}
            />
            {tab === undefined && (
              <WorkflowForm key={workflow.slug} workflow={workflow} onSaved={() => undefined} />
            )}
            {tab === "versions" && (
              <VersionPages
                queryKey={["workflows", path.slug]}
                read={(page) =>
                  body(api.GET("/api/v1/workflows/{slug}/versions", { params: { path, query: page } }))
                }
              />
            )}
            {tab === "json" && <JsonView value={workflow} what="workflow" />}
          </>
        )}
      </PageState>
    </Page>
  );
}

function Delete({ slug }: { slug: string }) {
  const navigate = useNavigate();
  return (
    <DeleteButton
      scope="workflows:write"
      what={`workflow ${slug}`}
      users={[]}
      remove={() => body(api.DELETE("/api/v1/workflows/{slug}", { params: { path: { slug } } }))}
      leave={() => navigate({ to: "/workflows" })}
      list="workflows"
    >
      New calls with it are refused, also those of schedules, triggers and batches that name it. While calls
      of it have not ended, it cannot be deleted.
    </DeleteButton>
  );
}
