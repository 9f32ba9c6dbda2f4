import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { Bookmark, X } from "lucide-react";
import { useState } from "react";
import { useSession } from "~/api/use-session";
import { hasFilters } from "~/lib/search";
import classes from "./CallsPage.module.css";
import type { CallFilters } from "./filters";
import { keptFilters, LONGEST_NAME, readViews, withView, writeViews, type SavedView } from "./views";

/** Filters with a name, for this browser. */
export function Views({ filters }: { filters: CallFilters }) {
  const { session } = useSession();
  const [views, setViews] = useState(() => readViews(session.tenant_id));
  const [opened, setOpened] = useState(false);
  const navigate = useNavigate({ from: "/calls" });
  const change = (after: SavedView[]) => {
    setViews(after);
    writeViews(session.tenant_id, after);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={280} trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Bookmark size={14} />}
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className={classes.views} aria-label="Saved views">
          {views.map((view) => (
            <li key={view.name} className={classes.view}>
              <Button
                variant="subtle"
                size="compact-sm"
                className={classes.viewName}
                justify="flex-start"
                onClick={() => {
                  setOpened(false);
                  void navigate({ search: view.filters });
                }}
              >
                {view.name}
              </Button>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Delete the view ${view.name}`}
                onClick={() => change(views.filter((each) => each !== view))}
              >
                <X size={14} />
              </ActionIcon>
            </li>
          ))}
        </ul>
        <SaveView filters={filters} onSave={(name) => change(withView(views, name, filters))} />
      </Popover.Dropdown>
    </Popover>
  );
}

function SaveView({ filters, onSave }: { filters: CallFilters; onSave: (name: string) => void }) {
  const [name, setName] = useState("");
  if (!hasFilters(keptFilters(filters))) {
    return (
      <p className={classes.hint}>
        Choose filters to save them under a name. A number, a user and metadata are not kept in the browser.
      </p>
    );
  }
  return (
    <form
      className={classes.save}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        onSave(name);
        setName("");
      }}
    >
      <TextInput
        aria-label="Name of the view"
        placeholder="Save these filters as"
        maxLength={LONGEST_NAME}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={name.trim() === ""}>
        Save
      </Button>
    </form>
  );
}
