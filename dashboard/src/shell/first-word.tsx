/** Shown until the server has said how the pipeline is. */
export const FirstWord = () => (
  <div className="flex min-h-svh flex-col gap-3 pt-24">
    <p className="text-display font-semibold tracking-tight text-muted">Asking the server…</p>
    <p className="text-muted">The state of the pipeline comes with its first word.</p>
  </div>
);
