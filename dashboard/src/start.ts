/** The first script: it lets what index.html shows be painted, since drawing the page itself takes longer than a frame. */
import "./app.css";

if (!document.hidden) {
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
}
await import("./main");
