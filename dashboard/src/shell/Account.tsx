import { SegmentedControl } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { CircleUserRound } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { ApiError } from "~/api/errors";
import { chooseMode, type Mode } from "~/api/mode";
import { forgetData } from "~/api/query-client";
import { modeOf, modesOf, signOut, type Session } from "~/api/session";
import { tellOtherTabs } from "~/lib/tabs";
import classes from "./Shell.module.css";

/** Menus are a good part of the library: this one comes after the page. */
const AccountMenu = lazy(() => import("./AccountMenu"));

/** Who is signed in, test or live, the color scheme, and sign-out. */
export function Account({ session }: { session: Session }) {
  const [isDoubtful, setDoubtful] = useState(false);
  const signOutHere = useSignOut(setDoubtful);
  return (
    <div className={classes.account}>
      {isDoubtful && (
        <p role="alert" className={classes.doubt}>
          You may still be signed in: the API did not confirm that you signed out. Try again.
        </p>
      )}
      <ModeSwitch session={session} />
      <div className={classes.who}>
        <CircleUserRound size={18} aria-hidden />
        <span className={classes.name} title={session.name}>
          {session.name}
        </span>
        <Suspense>
          <AccountMenu signOutHere={signOutHere} />
        </Suspense>
      </div>
    </div>
  );
}

function ModeSwitch({ session }: { session: Session }) {
  const queryClient = useQueryClient();
  const modes = modesOf(session);
  if (modes.length < 2) return null;
  const change = (mode: string) => {
    chooseMode(mode as Mode);
    // What one mode has read is not shown in the other.
    queryClient.removeQueries({
      predicate: (query) => query.queryKey[0] !== "session" && query.queryKey[0] !== "config",
    });
  };
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label="Mode"
      value={modeOf(session)}
      onChange={change}
      data={[
        { value: "test", label: "Test" },
        { value: "live", label: "Live" },
      ]}
    />
  );
}

/** Signs out; without the API's word that the session is over, the person is told that it may go on. */
function useSignOut(setDoubtful: (isDoubtful: boolean) => void) {
  const router = useRouter();
  const queryClient = useQueryClient();
  return async () => {
    setDoubtful(false);
    // What the page still reads would come too late, and be refused.
    await queryClient.cancelQueries();
    try {
      await signOut();
    } catch (error) {
      // A session that has ended already is over, too.
      if (!(error instanceof ApiError) || error.kind !== "signed-out") {
        setDoubtful(true);
        return;
      }
    }
    forgetData(queryClient);
    tellOtherTabs("signed-out");
    await router.navigate({ to: "/sign-in", search: {} });
  };
}
