import { beforeAll, describe, expect, it, vi } from "vitest";

// The client reads the page's address and the chosen mode when it is loaded.
beforeAll(() => {
  vi.stubGlobal("location", { origin: "http://localhost" });
  vi.stubGlobal("sessionStorage", { getItem: () => null });
});

const numbers = Array.from({ length: 2_500 }, (_, at) => `+1415555${String(at).padStart(4, "0")}`);
const entry = { reason: "asked", expires_at: null };

async function load() {
  const { importNumbers } = await import("./import-numbers");
  const { ApiError } = await import("~/api/errors");
  return { importNumbers, ApiError };
}

describe("a long import", () => {
  it("is sent in parts, and says how far it is", async () => {
    const { importNumbers } = await load();
    const sent: string[][] = [];
    const progress: number[] = [];
    await importNumbers(
      numbers,
      entry,
      (done) => progress.push(done),
      (request) => {
        sent.push(request.numbers);
        return Promise.resolve({ suppressed: request.numbers.length });
      },
    );
    expect(sent.flat()).toEqual(numbers);
    expect(progress).toEqual([1000, 2000, 2500]);
  });

  it("waits as long as the API asks for, and goes on", async () => {
    const { importNumbers, ApiError } = await load();
    const pauses: number[] = [];
    const answers = [
      new ApiError(429, { type: "rate_limited", message: "Rate limited", retryAfterS: 7 }),
      null,
    ];
    await importNumbers(
      numbers.slice(0, 1),
      entry,
      () => undefined,
      () => {
        const error = answers.shift();
        return error ? Promise.reject(error) : Promise.resolve({ suppressed: 1 });
      },
      (seconds) => {
        pauses.push(seconds);
        return Promise.resolve();
      },
    );
    expect(pauses).toEqual([7]);
    expect(answers).toEqual([]);
  });

  it("ends at an error that does not pass", async () => {
    const { importNumbers, ApiError } = await load();
    const progress: number[] = [];
    const refused = new ApiError(400, { type: "invalid_request", message: "numbers must be …" });
    let requests = 0;
    const run = importNumbers(
      numbers,
      entry,
      (done) => progress.push(done),
      () => {
        requests += 1;
        return requests === 2 ? Promise.reject(refused) : Promise.resolve({ suppressed: 1000 });
      },
    );
    await expect(run).rejects.toBe(refused);
    expect([progress, requests]).toEqual([[1000], 2]);
  });
});
