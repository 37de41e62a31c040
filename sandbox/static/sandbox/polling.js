const EVERY = 1500;
const LONGEST = 15000;

// Asks again and again while the page can be seen; waits longer each time it fails.
export function startPolling(ask, { onFailure, onSuccess }) {
  let timer = null;
  let failures = 0;
  let isAsking = false;
  let isWanted = false;

  function schedule() {
    clearTimeout(timer);
    if (document.hidden) return;
    timer = setTimeout(run, Math.min(EVERY * 2 ** failures, LONGEST));
  }

  async function run() {
    clearTimeout(timer);
    isWanted = isAsking;
    if (isAsking || document.hidden) return;
    isAsking = true;
    try {
      await ask();
      failures = 0;
      onSuccess();
    } catch (error) {
      failures += 1;
      onFailure(error);
    } finally {
      isAsking = false;
      if (isWanted) run();
      else schedule();
    }
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : run()));
  addEventListener("online", run);
  run();
  return { now: run };
}
