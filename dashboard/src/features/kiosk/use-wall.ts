/** What a screen on a wall needs: letters that grow with it, no sleep, and the server's newest page by itself. */
import { useEffect } from "react";
import { useNewBuild } from "../../live/use-new-build";

/** Of 80 by 45 letters' heights, whichever is less: nothing needs to be scrolled. */
const LETTER = "min(1.25vw, 2.22vh)";

export function useWall(): void {
  useEffect(() => {
    const { style } = document.documentElement;
    style.fontSize = LETTER;
    return () => {
      style.fontSize = "";
    };
  }, []);

  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let isLeft = false;
    const keepAwake = async (): Promise<void> => {
      if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
      try {
        lock = await navigator.wakeLock.request("screen");
        if (isLeft) await lock.release();
      } catch (error) {
        // Not allowed here, or the battery is low: the screen follows its own settings.
        console.info("The screen may sleep:", error);
      }
    };
    void keepAwake();
    // The browser lets go of it while the page is hidden.
    document.addEventListener("visibilitychange", keepAwake);
    return () => {
      isLeft = true;
      document.removeEventListener("visibilitychange", keepAwake);
      void lock?.release();
    };
  }, []);

  const isNewBuild = useNewBuild();
  useEffect(() => {
    if (isNewBuild) window.location.reload();
  }, [isNewBuild]);
}
