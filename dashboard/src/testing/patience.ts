/** How long a test waits for what must come: a machine that is busy with other tests is only waited for. */
export const PATIENCE_MS = 30_000;
