// A route as drawn on one storey: pieces of line through doors and rooms.

import type { Route } from './api.ts';
import type { Point } from './geometry.ts';

/** Lines to draw on a storey. `placeOf` gives the point of a space or portal on that
    storey, or `null` when it lies elsewhere; the line breaks there. A way that touches the
    storey in one place only, as from a stair flight, is a line from that place to itself. */
export function routeLines(route: Route, placeOf: (id: string) => Point | null): Point[][] {
  const lines: Point[][] = [];
  let current: Point[] = [];
  const close = () => {
    const [only] = current;
    if (only) lines.push(current.length > 1 ? current : [only, only]);
    current = [];
  };
  for (const id of routeStops(route)) {
    const place = placeOf(id);
    if (place) current.push(place);
    else close();
  }
  close();
  return lines;
}

/** Every space and portal of the route, in order. */
export function routeStops(route: Route): string[] {
  return route.steps.flatMap((s) => [s.space, s.portal].filter((id): id is string => !!id));
}
