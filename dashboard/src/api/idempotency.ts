/** Makes a key for one intent to create something: a repeated request with it creates nothing twice. */
export function newIdempotencyKey(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}
