import type { Viewport } from './layout/camera.ts';

const CARD = { width: 324, height: 210, away: 46, margin: 12 } as const;

export interface CardPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
}

/** Where the card of a tile stands: up and to the right of it, where there is room, and the line between the two. */
export function cardPlace(
  ring: { readonly x: number; readonly y: number; readonly side: number; readonly tall: number },
  viewport: Viewport,
  scale = 1,
): CardPlace {
  const width = CARD.width * scale;
  const height = CARD.height * scale;
  const fitsRight = ring.x + ring.side + CARD.away + width + CARD.margin <= viewport.width;
  const fitsAbove = ring.y - CARD.away - height - CARD.margin >= 0;
  const wantedX = fitsRight ? ring.x + ring.side + CARD.away : ring.x - CARD.away - width;
  const wantedY = fitsAbove ? ring.y - CARD.away - height : ring.y + ring.tall + CARD.away;
  const x = Math.max(CARD.margin, Math.min(viewport.width - width - CARD.margin, wantedX));
  const y = Math.max(CARD.margin, Math.min(viewport.height - height - CARD.margin, wantedY));
  return {
    x: Math.round(x),
    y: Math.round(y),
    width,
    fromX: fitsRight ? ring.x + ring.side : ring.x,
    fromY: fitsAbove ? ring.y : ring.y + ring.tall,
    toX: fitsRight ? x + 1 : x + width - 1,
    toY: fitsAbove ? y + height * 0.7 : y + 20,
  };
}
