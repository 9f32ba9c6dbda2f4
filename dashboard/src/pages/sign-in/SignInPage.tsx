import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { configQuery, type DashboardConfig } from "~/api/config";
import { sessionQuery, signIn } from "~/api/session";
import { FormError } from "~/components/FormError";
import { fieldError } from "~/lib/form-errors";
import { safeReturnTo } from "~/lib/return-to";
import { onNewsOfOtherTabs, tellOtherTabs } from "~/lib/tabs";
import { Logo } from "~/shell/Logo";
import { beginSignIn, finishSignIn, type WayBack } from "./cognito";
import { keyInAddress } from "./demo-link";
import classes from "./SignInPage.module.css";

/** Signs in by an API key, or by the deployment's user pool. The key is sent once and kept nowhere. */
export function SignInPage() {
  const search = useSearch({ from: "/sign-in" });
  const config = useQuery(configQuery);
  const [linkKey] = useState(() => keyInAddress());
  const enter = useEnter(safeReturnTo(search.return_to));
  return (
    <main className={classes.page}>
      <title>Sign in · Trunkline</title>
      <div className={classes.card}>
        <Logo />
        <h1 className={classes.title}>Sign in</h1>
        <p className={classes.text}>See your calls flow, and why one failed.</p>
        {search.expired && (
          <p className={classes.note}>Your session has ended. Sign in to go on where you were.</p>
        )}
        <div className={classes.form}>
          {config.data?.cognito && <UserPool cognito={config.data.cognito} enter={enter} />}
          <KeyForm initialKey={linkKey} enter={enter} />
        </div>
        <p className={classes.hint}>
          A key begins with <code>as_live_</code> or <code>as_test_</code>. Your operator makes the first one;
          in Settings you make more. The browser keeps a session cookie, never the key.
        </p>
      </div>
    </main>
  );
}

/** Goes to the page that the person wanted, once there is a session: opened here, or in another tab. */
function useEnter(returnTo: string) {
  const router = useRouter();
  const queryClient = useQueryClient();
  const enter = async (to = returnTo) => {
    queryClient.removeQueries({ queryKey: sessionQuery.queryKey });
    await router.navigate({ href: to, replace: true });
  };
  useEffect(() =>
    onNewsOfOtherTabs((news) => {
      if (news === "signed-in") void enter();
    }),
  );
  return enter;
}

interface FormProps {
  enter: (to?: string) => Promise<void>;
}

function KeyForm({ initialKey, enter }: FormProps & { initialKey: string }) {
  const [key, setKey] = useState(initialKey);
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const open = useMutation({
    mutationFn: () => signIn({ api_key: key.trim() }),
    onSuccess: async () => {
      tellOtherTabs("signed-in");
      await enter();
    },
    onError: () => input.current?.select(),
  });
  useEffect(() => (initialKey ? button.current : input.current)?.focus(), [initialKey]);
  const message = fieldError(open.error, "api_key") ?? open.error?.message;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        open.mutate();
      }}
    >
      <PasswordInput
        ref={input}
        label="API key"
        placeholder="as_live_…"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        required
        withAsterisk={false}
        value={key}
        error={message}
        onChange={(event) => setKey(event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": "Show the key" }}
      />
      <Button ref={button} type="submit" loading={open.isPending} fullWidth>
        {initialKey ? "Sign in with the demo key" : "Sign in with a key"}
      </Button>
    </form>
  );
}

function UserPool({ cognito, enter }: FormProps & { cognito: NonNullable<DashboardConfig["cognito"]> }) {
  const search = useSearch({ from: "/sign-in" });
  const began = useRef(false);
  const finish = useMutation({
    mutationFn: async (back: WayBack) => {
      const { idToken, returnTo } = await finishSignIn(cognito, back);
      await signIn({ id_token: idToken });
      return returnTo;
    },
    onSuccess: async (returnTo) => {
      tellOtherTabs("signed-in");
      await enter(safeReturnTo(returnTo));
    },
  });
  const { mutate } = finish;
  useEffect(() => {
    if ((search.code ?? search.error) && !began.current) {
      began.current = true;
      mutate(search);
    }
  }, [search, mutate]);
  const begin = useMutation({
    mutationFn: async () => location.assign(await beginSignIn(cognito, safeReturnTo(search.return_to))),
  });
  return (
    <>
      <Button
        variant="default"
        fullWidth
        loading={begin.isPending || finish.isPending}
        onClick={() => begin.mutate()}
      >
        Sign in with your account
      </Button>
      <FormError error={finish.error ?? begin.error} />
      <div className={classes.or}>or</div>
    </>
  );
}
