/** Sends the request of the form. */
import { api, body, type Schemas } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import type { PlaceRequest } from "../call-form/request";

/**
 * Makes what places calls and returns their ids. An unchanged request keeps its idempotency key, so that a
 * second click, also after a lost response, places no second call.
 */
export function makePlacer(): (request: PlaceRequest) => Promise<string> {
  let sent = "";
  let header = newIdempotencyKey();
  return async (request) => {
    const text = JSON.stringify(request);
    if (text !== sent) header = newIdempotencyKey();
    sent = text;
    return send(request, header);
  };
}

/** The form's values are not checked here: the API's texts say what is wrong with them. */
async function send(
  { path, body: values }: PlaceRequest,
  header: { "Idempotency-Key": string },
): Promise<string> {
  const params = { header };
  switch (path) {
    case "/api/v1/calls/outbound":
      return (await body(api.POST(path, { params, body: values as Schemas["OutboundCall"] }))).data.id;
    case "/api/v1/calls/schedule":
      return (await body(api.POST(path, { params, body: values as Schemas["ScheduledCall"] }))).data.id;
    case "/api/v1/calls":
      return (await body(api.POST(path, { params, body: values as Schemas["WorkflowCall"] }))).call_id;
    case "/api/v1/calls/test-agent":
      return (await body(api.POST(path, { params, body: values as Schemas["TestAgentCall"] }))).call_id;
  }
}
