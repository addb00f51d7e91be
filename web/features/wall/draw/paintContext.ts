import type { Palette } from './palette.ts';

/** A tile's place on the canvas, device px. `unit` = device px per CSS px of type: larger where the type is. */
export interface Square {
  readonly x: number;
  readonly y: number;
  /** Width, and height where it differs. */
  readonly side: number;
  readonly tall: number;
  readonly unit: number;
}

/**
 * Sides in device px from which a tile carries its second cue, and its marks: what a screen can show. Type has no say in it:
 * twenty thousand tiles on a 4K wall are eight pixels wide, and no colour may be alone there.
 */
export const CUES = { glyph: 4, corners: 8 } as const;
/** Sides in px of type from which signs and words can be read; more pixels where a wall is read from further away. */
export const DETAIL = { arrearsText: 13, signs: 17, age: 24, room: 38, money: 62 } as const;

export interface PaintContext {
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly hatch: CanvasPattern | null;
  /** The half of the second in which unacknowledged alarms shine. */
  readonly pulseOn: boolean;
}

/** Width of the ring of an unacknowledged alarm, whole device px. */
export function ringWeight({ side, unit }: Square): number {
  return Math.max(1, Math.round(Math.min(2.5 * unit, side * 0.1)));
}
