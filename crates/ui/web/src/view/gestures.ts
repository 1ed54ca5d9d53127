// Touch, mouse and wheel on the plan: one finger pans, two fingers zoom, the wheel zooms
// where it points. A tap stays a tap: only beyond a few pixels does panning begin, and a
// pan does not select what it ends on.

import { zoomAt, type ViewPort } from '../model/geometry.ts';

const TAP_SLOP_PX = 8;
const WHEEL_PER_PX = 0.0015;

export function gestures(frame: HTMLElement, setView: (change: (v: ViewPort) => ViewPort) => unknown, scaleMin?: number): () => void {
  const fingers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const place = (e: PointerEvent | WheelEvent) => {
    const box = frame.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };
  const down = (e: PointerEvent) => {
    if (fingers.size === 0) moved = 0;
    fingers.set(e.pointerId, place(e));
  };
  const move = (e: PointerEvent) => {
    const before = fingers.get(e.pointerId);
    if (!before) return;
    const now = place(e);
    const other = [...fingers].find(([id]) => id !== e.pointerId)?.[1];
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    fingers.set(e.pointerId, now);
    if (moved < TAP_SLOP_PX) return;
    if (!frame.hasPointerCapture(e.pointerId)) frame.setPointerCapture(e.pointerId);
    if (other) {
      const grow = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      setView((v) => zoomAt(v, grow, other.x, other.y, scaleMin));
    } else {
      setView((v) => ({ ...v, x: v.x + now.x - before.x, y: v.y + now.y - before.y }));
    }
  };
  const up = (e: PointerEvent) => fingers.delete(e.pointerId);
  const click = (e: MouseEvent) => {
    if (moved >= TAP_SLOP_PX) e.stopPropagation();
    moved = 0;
  };
  const wheel = (e: WheelEvent) => {
    e.preventDefault();
    const { x, y } = place(e);
    setView((v) => zoomAt(v, Math.exp(-e.deltaY * WHEEL_PER_PX), x, y, scaleMin));
  };
  frame.addEventListener('pointerdown', down);
  frame.addEventListener('pointermove', move);
  frame.addEventListener('pointerup', up);
  frame.addEventListener('pointercancel', up);
  frame.addEventListener('click', click, { capture: true });
  frame.addEventListener('wheel', wheel, { passive: false });
  return () => {
    frame.removeEventListener('pointerdown', down);
    frame.removeEventListener('pointermove', move);
    frame.removeEventListener('pointerup', up);
    frame.removeEventListener('pointercancel', up);
    frame.removeEventListener('click', click, { capture: true });
    frame.removeEventListener('wheel', wheel);
  };
}
