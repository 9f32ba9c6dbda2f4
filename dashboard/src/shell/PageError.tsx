import { useQueryClient } from "@tanstack/react-query";
import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { ErrorState } from "~/components/PageState";

/** A page that failed: what it has read may be what it cannot show, so it is read again. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const queryClient = useQueryClient();
  const router = useRouter();
  const retry = async () => {
    await queryClient.resetQueries();
    await router.invalidate();
    reset();
  };
  return (
    <ErrorState
      error={error instanceof Error ? error : new Error(String(error))}
      retry={() => void retry()}
    />
  );
}
