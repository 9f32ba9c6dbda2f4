import { CalendarClock, Copy, PhoneOff, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { ButtonLink } from "~/components/ButtonLink";
import { ScopedButton } from "~/components/ScopedButton";
import { possibleWith } from "./now";
import type { CallView } from "./timeline";

const EndDialog = lazy(async () => ({
  default: (await import("./CallDialogs")).EndDialog,
}));
const EraseDialog = lazy(async () => ({ default: (await import("./CallDialogs")).EraseDialog }));
const RescheduleDialog = lazy(() => import("./RescheduleDialog"));
const JoinDialog = lazy(() => import("./JoinDialog"));

const BUTTON = { scope: "calls:create", variant: "default" } as const;

type Asked = "end" | "erase" | "reschedule" | "join" | null;

interface CallActionsProps {
  call: CallView;
  /** Reads the call again. */
  onChanged: () => void;
}

/** What a person can do with the call, as its state and their rights allow. */
export function CallActions({ call, onChanged }: CallActionsProps) {
  const [asked, setAsked] = useState<Asked>(null);
  const possible = possibleWith(call);
  const close = () => setAsked(null);
  return (
    <>
      {possible.join && (
        <ScopedButton {...BUTTON} onClick={() => setAsked("join")}>
          Join
        </ScopedButton>
      )}
      {possible.reschedule && (
        <ScopedButton
          {...BUTTON}
          leftSection={<CalendarClock size={15} />}
          onClick={() => setAsked("reschedule")}
        >
          Reschedule
        </ScopedButton>
      )}
      {possible.end && !call.cancel_requested && (
        <ScopedButton
          {...BUTTON}
          c="var(--tl-bad)"
          leftSection={<PhoneOff size={15} />}
          onClick={() => setAsked("end")}
        >
          {possible.end}
        </ScopedButton>
      )}
      {possible.erase && (
        <ScopedButton {...BUTTON} leftSection={<Trash2 size={15} />} onClick={() => setAsked("erase")}>
          Erase
        </ScopedButton>
      )}
      {call.erased_at === null && <OneLikeThis call={call} />}
      <Suspense>
        {asked === "end" && <EndDialog call={call} onClose={close} onDone={onChanged} />}
        {asked === "erase" && <EraseDialog call={call} onClose={close} onDone={onChanged} />}
        {asked === "reschedule" && <RescheduleDialog call={call} onClose={close} onDone={onChanged} />}
        {asked === "join" && <JoinDialog call={call} onClose={close} />}
      </Suspense>
    </>
  );
}

function OneLikeThis({ call }: { call: CallView }) {
  return (
    <ButtonLink
      to="/place-call"
      search={{ like: call.call_id }}
      variant="default"
      leftSection={<Copy size={15} />}
    >
      One like this
    </ButtonLink>
  );
}
