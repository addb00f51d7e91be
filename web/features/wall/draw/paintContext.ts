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

/** Sides in CSS px from which a tile gains detail. */
export const DETAIL = { glyph: 5, corners: 9, arrearsText: 13, age: 24, room: 38, money: 62 } as const;

export interface PaintContext {
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly hatch: CanvasPattern | null;
  /** The half of the second in which unacknowledged alarms shine. */
  readonly pulseOn: boolean;
}
