/** How long to wait before trying again: exponential with full jitter. */

export const FIRST_MS = 800;
export const CAP_MS = 15_000;

/**
 * Milliseconds to wait.
 *
 * @param failures tries that failed in a row, from 1.
 * @param chance in [0, 1).
 */
export function backoffMs(failures: number, chance: number): number {
  const ceiling = Math.min(CAP_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.floor(chance * ceiling);
}
