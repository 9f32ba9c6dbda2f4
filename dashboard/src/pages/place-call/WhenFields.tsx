import { SegmentedControl, TextInput } from "@mantine/core";
import { viewerZone } from "~/lib/local-time";
import type { CallFieldsProps } from "../call-form/draft";
import { errorOf } from "~/lib/form-errors";
import classes from "./PlaceCallPage.module.css";

/** From when until when it may ring. */
export function WhenFields({ draft, set, error }: CallFieldsProps) {
  return (
    <fieldset className={classes.section}>
      <legend>When</legend>
      {draft.kind === "phone" && (
        <SegmentedControl
          aria-label="When"
          value={draft.isLater ? "later" : "now"}
          onChange={(value) => set({ isLater: value === "later" })}
          data={[
            { value: "now", label: "Now, in its turn" },
            { value: "later", label: "At a time" },
          ]}
        />
      )}
      <div className={classes.pair}>
        {draft.isLater && draft.kind === "phone" && (
          <TextInput
            type="datetime-local"
            label="May ring from"
            description={viewerZone()}
            value={draft.earliestAt}
            error={errorOf(error, "earliestAt")}
            onChange={(event) => set({ earliestAt: event.currentTarget.value })}
          />
        )}
        <TextInput
          type="datetime-local"
          label="No attempt after"
          description="Default: an hour later; with redials or a window, a day"
          value={draft.latestAt}
          error={errorOf(error, "latestAt", "expiresAt", "expires_at")}
          onChange={(event) => set({ latestAt: event.currentTarget.value })}
        />
      </div>
    </fieldset>
  );
}
