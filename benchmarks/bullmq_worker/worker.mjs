// Runs three workers behind the rate limiter of BullMQ, and prints the start of each job in monotonic seconds.
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

const [port, cps, count] = process.argv.slice(2).map(Number);
const connection = new Redis({ port, maxRetriesPerRequest: null });
const name = `dial-${cps}`;
const queue = new Queue(name, { connection });
await queue.addBulk(Array.from({ length: count }, (_, n) => ({ name: "dial", data: { n } })));

let started = 0;
const done = new Promise((resolve) => {
  const dial = async () => {
    console.log(Number(process.hrtime.bigint()) / 1e9);
    started += 1;
    if (started === count) resolve();
    await new Promise((next) => setTimeout(next, 30));
  };
  for (let worker = 0; worker < 3; worker += 1) {
    new Worker(name, dial, { connection, concurrency: 50, limiter: { max: cps, duration: 1000 } });
  }
});
await done;
process.exit(0);
