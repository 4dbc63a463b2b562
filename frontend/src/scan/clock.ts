// The time by which the phone judges: never before what it has seen signed, whatever its own clock says.
import { keep, setting } from "./store";

const OUT = 300; // seconds by which a clock may be behind
const LASTS = 7 * 86_400; // seconds that a list is good: a clock further ahead than that judges nothing anyway

export const own = () => Math.floor(Date.now() / 1000);

/** Remember an instant that has certainly passed: a list was signed at it. */
export async function signed(at: number): Promise<void> {
  if (at > ((await setting<number>("signed")) ?? 0)) await keep("signed", at);
  await passed(at);
}

/** Remember an instant of the phone's own clock. A clock that runs far ahead for a moment does not hold it there. */
export async function passed(at: number): Promise<void> {
  const known = Math.min(at, ((await setting<number>("signed")) ?? 0) + LASTS);
  if (known > ((await setting<number>("floor")) ?? 0)) await keep("floor", known);
}

/** Now in seconds, and whether the phone's own clock is behind a list that it has seen. */
export async function now(): Promise<{ at: number; isBehind: boolean }> {
  const floor = (await setting<number>("floor")) ?? 0;
  return { at: Math.max(own(), floor), isBehind: own() + OUT < floor };
}
