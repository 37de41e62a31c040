const POLL_INTERVAL = 1500;
const MAX_INTERVAL = 15000;

// Polls while the page is visible. Waits longer after each failure.
export function startPolling(poll, { onFailure, onSuccess }) {
  let timer = null;
  let failures = 0;
  let isPolling = false;
  let isWanted = false;

  function schedule() {
    clearTimeout(timer);
    if (document.hidden) return;
    timer = setTimeout(run, Math.min(POLL_INTERVAL * 2 ** failures, MAX_INTERVAL));
  }

  async function run() {
    clearTimeout(timer);
    isWanted = isPolling;
    if (isPolling || document.hidden) return;
    isPolling = true;
    try {
      await poll();
      failures = 0;
      onSuccess();
    } catch (error) {
      failures += 1;
      onFailure(error);
    } finally {
      isPolling = false;
      if (isWanted) run();
      else schedule();
    }
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : run()));
  addEventListener("online", run);
  run();
  return { now: run };
}
