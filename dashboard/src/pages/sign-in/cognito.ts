/**
 * Sign-in by Cognito's own pages: authorization code with PKCE. Sources: RFC 7636;
 * https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html and
 * https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
 */
import type { DashboardConfig } from "~/api/config";
import { ApiError, networkError } from "~/api/errors";

type Cognito = NonNullable<DashboardConfig["cognito"]>;
interface Attempt {
  state: string;
  verifier: string;
  returnTo: string;
}

const STORED_AS = "trunkline-sign-in";

/** The address of Cognito's sign-in page; what the way back needs stays in this tab. */
export async function beginSignIn(cognito: Cognito, returnTo: string): Promise<string> {
  const attempt: Attempt = { state: randomText(), verifier: randomText(), returnTo };
  sessionStorage.setItem(STORED_AS, JSON.stringify(attempt));
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(attempt.verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: cognito.client_id,
    redirect_uri: redirectUri(),
    scope: "openid",
    state: attempt.state,
    code_challenge: base64url(new Uint8Array(challenge)),
    code_challenge_method: "S256",
  });
  return `${cognito.domain}/oauth2/authorize?${query}`;
}

/** What Cognito sends back: a code, or an error. Source: RFC 6749, sections 4.1.2 and 4.1.2.1. */
export interface WayBack {
  code?: string | undefined;
  state?: string | undefined;
  error?: string | undefined;
  error_description?: string | undefined;
}

/**
 * Exchanges the code that Cognito sent back for an ID token. Without the state of this tab's attempt nothing is
 * sent, and nothing is shown of the address: anybody could have made the link.
 */
export async function finishSignIn(cognito: Cognito, back: WayBack) {
  const attempt = takeAttempt();
  if (!attempt || attempt.state !== back.state)
    throw refused("This sign-in was not started in this tab. Try again.");
  if (!back.code)
    throw refused(`Cognito refused the sign-in: ${back.error_description ?? back.error ?? "no code"}`);
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: cognito.client_id,
    redirect_uri: redirectUri(),
    code: back.code,
    code_verifier: attempt.verifier,
  });
  // eslint-disable-next-line no-restricted-globals -- Cognito is not the API
  const response = await fetch(`${cognito.domain}/oauth2/token`, { method: "POST", body }).catch(() => {
    throw networkError();
  });
  const answer = (await response.json().catch(() => null)) as { id_token?: string } | null;
  if (!response.ok || !answer?.id_token) throw refused("Cognito did not accept the sign-in. Try again.");
  return { idToken: answer.id_token, returnTo: attempt.returnTo };
}

function refused(message: string): ApiError {
  return new ApiError(400, { type: "sign_in", message });
}

/** Reads the attempt once: a code and its state are of no use twice. */
function takeAttempt(): Attempt | null {
  const text = sessionStorage.getItem(STORED_AS);
  sessionStorage.removeItem(STORED_AS);
  return text === null ? null : (JSON.parse(text) as Attempt);
}

function redirectUri(): string {
  return `${location.origin}/sign-in`;
}

function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
