// What the servers in JavaScript share: they read what to publish and keep to the rate.
import { createInterface } from "node:readline";

// The time of day: what Bun and node count their high-resolution time from is not the same.
const now = () => `${Math.round((performance.timeOrigin + performance.now()) * 1000)}000`;
const PAD = "0".repeat(200);
export const event = (n) => `{"n":${n},"t":${now()},"pad":"${PAD}"}`;
export const envelope = (n) => `{"type":"event","channel":"events","data":${event(n)}}`;

export function obey(publish, flushed = () => {}) {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const [rate, burst, seconds] = line.split(" ").map(Number);
    const began = performance.now();
    let number = 0;
    const timer = setInterval(() => {
      const passed = (performance.now() - began) / 1000;
      const due = Math.floor((Math.min(passed, seconds) * rate) / burst) * burst;
      // Who cannot keep up publishes less, and does not go on after the time is up.
      while (number < due && performance.now() - began < seconds * 1000) publish(number++);
      flushed();
      if (passed >= seconds) {
        clearInterval(timer);
        console.log(`done ${number}`);
      }
    }, 1);
  }).on("close", () => process.exit(0));
}
