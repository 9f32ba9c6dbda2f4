import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import type { TriggerWithSecret } from "./queries";
import { TriggerForm } from "./TriggerForm";

const loadDialog = () => import("./SecretDialog");
const SecretDialog = lazy(loadDialog);

/** Creates a trigger, shows its secret once, then goes to its page. */
export function NewTriggerPage() {
  const navigate = useNavigate();
  const [created, setCreated] = useState<TriggerWithSecret | null>(null);
  // Before there is a secret: what cannot be loaded then could not show it.
  useEffect(() => void loadDialog(), []);
  return (
    <Page
      title="New trigger"
      text="Events that are sent to its URL start calls."
      actions={
        <Button variant="default" renderRoot={(props) => <Link to="/triggers" {...props} />}>
          All triggers
        </Button>
      }
    >
      <NeedsRight scope="triggers:write">
        <TriggerForm onCreated={setCreated} />
      </NeedsRight>
      {created && (
        <Suspense>
          <SecretDialog
            trigger={created}
            onClose={() => void navigate({ to: "/triggers/$triggerId", params: { triggerId: created.id } })}
          />
        </Suspense>
      )}
    </Page>
  );
}
