/** How the tests wait: for what they want to see, never for some time to pass. */

/** Long, because the machine may be busy; nothing waits for it unless something is wrong. */
export const PATIENCE = Number(process.env.PATIENCE ?? 120_000);
const started = Date.now();

export function log(...words) {
  console.log(`[${((Date.now() - started) / 1000).toFixed(1)}s]`, ...words);
}

/** Waits until `condition` gives something truthy, and returns that. */
export async function until(what, condition, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value) {
      log("ok", what);
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`timed out: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Does `steps` anew when they fail, each time with more patience: something was in their way. */
export async function again(what, steps) {
  let last = new Error(`no time for ${what}`);
  for (let patience = 3000; patience < PATIENCE; patience *= 2) {
    try {
      return await steps(patience);
    } catch (error) {
      last = error;
      log(`once more: ${what}, for ${error.message.split("\n")[0]}`);
    }
  }
  throw last;
}
