// Where this app is: at the server itself, or at a service that carries its requests to the server, under a path of
// that server's own. Apps of several servers at one service share nothing that is kept. Used in the worker, too.

const path = (globalThis as { location?: { pathname: string } }).location?.pathname ?? "";
const RELAY = /^\/relay\/[0-9a-f]{32}(?=\/app\/)/.exec(path)?.[0] ?? "";

export const PAGE = `${RELAY}/app/`;

// The name under which something is kept that is called `name` at the server itself.
export function named(name: string): string {
  return RELAY ? `${RELAY}/${name}` : name;
}
