/** Presses the button whose words begin so, once it is there and can be pressed. Returns how to wait no longer. */
export function pressWhenReady(host: HTMLElement, words: string): () => void {
  const press = (): boolean => {
    const button = [...host.querySelectorAll("button")].find((each) =>
      each.textContent?.trim().startsWith(words),
    );
    if (!button || button.getAttribute("aria-disabled") === "true") return false;
    button.click();
    return true;
  };
  const watch = new MutationObserver(() => {
    if (press()) watch.disconnect();
  });
  if (!press()) watch.observe(host, { subtree: true, childList: true, attributes: true });
  return () => watch.disconnect();
}
