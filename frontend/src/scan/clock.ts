// The time by which the phone judges: never before what it has seen signed, whatever its own clock says.
import { keep, setting } from "./store";

const OUT = 300; // seconds by which a clock may be behind

export const own = () => Math.floor(Date.now() / 1000);

/** Remember an instant that has certainly passed. */
export async function passed(at: number): Promise<void> {
  if (at > ((await setting<number>("floor")) ?? 0)) await keep("floor", at);
}

/** Now in seconds, and whether the phone's own clock is behind a list that it has seen. */
export async function now(): Promise<{ at: number; isBehind: boolean }> {
  const floor = (await setting<number>("floor")) ?? 0;
  return { at: Math.max(own(), floor), isBehind: own() + OUT < floor };
}
