import { lazy, Suspense, type ComponentProps } from "react";

const Fields = lazy(async () => ({ default: (await import("./PolicyFields")).PolicyFields }));

/** The fields of redials and of the calling window: their inputs are a tenth of a form's script. */
export function PolicyFields(props: ComponentProps<typeof Fields>) {
  return (
    <Suspense fallback={null}>
      <Fields {...props} />
    </Suspense>
  );
}
