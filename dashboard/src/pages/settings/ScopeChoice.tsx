import { Button, Checkbox } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { referenceQuery } from "~/api/reference";
import { useSession } from "~/api/use-session";
import { PageState } from "~/components/PageState";
import { BACKEND_SCOPES, mayGrant, type Scope } from "./key-draft";
import classes from "./settings.module.css";

interface ScopeChoiceProps {
  chosen: Scope[];
  onChange: (scopes: Scope[]) => void;
  error: string | undefined;
}

/** The scopes with what each allows; a key gets none that the session lacks. */
export function ScopeChoice({ chosen, onChange, error }: ScopeChoiceProps) {
  const { allows } = useSession();
  const query = useQuery(referenceQuery);
  const toggle = (scope: Scope) =>
    onChange(chosen.includes(scope) ? chosen.filter((each) => each !== scope) : [...chosen, scope]);
  return (
    <fieldset className={classes.group}>
      <legend>Scopes</legend>
      <div className={classes.row}>
        <Button
          variant="default"
          size="compact-xs"
          onClick={() => onChange(BACKEND_SCOPES.filter((scope) => mayGrant(allows, scope)))}
        >
          Those of a backend that places calls
        </Button>
        <Button
          variant="subtle"
          size="compact-xs"
          disabled={chosen.length === 0}
          onClick={() => onChange([])}
        >
          Clear
        </Button>
      </div>
      <PageState query={query}>
        {({ scopes }) => (
          <div className={classes.scopes}>
            {Object.entries(scopes).map(([scope, text]) => (
              <Checkbox
                key={scope}
                size="xs"
                label={<code>{scope}</code>}
                description={mayGrant(allows, scope) ? text : `${text} Your session lacks it.`}
                checked={chosen.includes(scope as Scope)}
                disabled={!mayGrant(allows, scope)}
                onChange={() => toggle(scope as Scope)}
              />
            ))}
          </div>
        )}
      </PageState>
      {error && (
        <p role="alert" className={classes.error}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
