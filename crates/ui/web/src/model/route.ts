// A route as drawn: on one storey pieces of line through doors and rooms, on the map also
// along streets; and how the node is asked for one.

import type { Route, RouteStep } from './api.ts';
import type { LonLat } from './earth.ts';
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
  return route.steps.flatMap((s) => [s.space, s.portal, s.exit].filter((id): id is string => !!id));
}

/** Where the way leaves or enters a building: an exit that meets a street, with how surely. */
export function anchorsOf(route: Route): RouteStep[] {
  return route.steps.filter((s) => s.exit && s.street);
}

/** Lines to draw on the map: indoors where `placeOf` knows a place on earth, outdoors along
    the courses. The line breaks where a place is not known, rather than to guess one. */
export function routeOnEarth(route: Route, placeOf: (id: string) => LonLat | null): LonLat[][] {
  const lines: LonLat[][] = [];
  let current: LonLat[] = [];
  const close = () => {
    if (current.length > 1) lines.push(current);
    current = [];
  };
  for (const step of route.steps) {
    const course = courseOf(step);
    if (course) {
      current.push(...course);
      continue;
    }
    for (const id of [step.space, step.portal, step.exit]) {
      if (!id) continue;
      const place = placeOf(id);
      if (place) current.push(place);
      else close();
    }
  }
  close();
  return lines;
}

/** The line along a street, if the step goes along one and says where. */
export function courseOf(step: RouteStep): LonLat[] | null {
  if (!step.street || !Array.isArray(step.course)) return null;
  const usable = step.course.filter((p) => Array.isArray(p) && Number.isFinite(p[0]) && Number.isFinite(p[1]));
  return usable.length > 1 ? usable.map((p) => [p[0] as number, p[1] as number]) : null;
}

/** How much of the way is outdoors, in metres; `null` where the length of a part is not
    known. */
export function outdoors_m(route: Route): number | null {
  const streets = route.steps.filter((s) => s.street);
  return streets.every((s) => typeof s.length_m === 'number') ? streets.reduce((sum, s) => sum + (s.length_m as number), 0) : null;
}

/** Steps along the same street told as one, because a street is cut at every junction. */
export function toldSteps(steps: readonly RouteStep[]): RouteStep[] {
  const told: RouteStep[] = [];
  for (const step of steps) {
    const last = told.at(-1);
    const goesOn = isAlong(last) && isAlong(step) && (last?.streetName ?? '') === (step.streetName ?? '');
    if (!goesOn) told.push(step);
    else told[told.length - 1] = { ...(last as RouteStep), length_m: sum(last?.length_m, step.length_m) };
  }
  return told;
}

const isAlong = (step: RouteStep | undefined) => !!step?.street && !step.exit;

const sum = (a: number | null | undefined, b: number | null | undefined) => (typeof a === 'number' && typeof b === 'number' ? a + b : null);
