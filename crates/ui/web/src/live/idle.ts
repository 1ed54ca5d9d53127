// Work that should wait until the page has nothing better to do.

/** A page that is never idle still gets on with it. */
const AT_LATEST_MS = 500;

/** Resolves once the browser has drawn and is at rest, or after a while. */
export function whenIdle(): Promise<void> {
  const idle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, AT_LATEST_MS));
  return new Promise((done) => idle(() => done(), { timeout: AT_LATEST_MS }));
}
