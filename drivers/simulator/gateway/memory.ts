import type { ModbusReply } from '#drivers/codec/index.ts';
import type { BusRequest } from './lineBus.ts';

/** Questions that are remembered; of more the oldest is forgotten. */
const QUESTIONS_LIMIT = 1_024;

/** What was said to each question the last time, kept once a fault has asked for it. */
export class Memory {
  used = false;
  readonly #said = new Map<string, ModbusReply>();

  /** What is said now: `truth`, or where it is to be `stale` what was said to the same question before. */
  said({ unit, request }: BusRequest, truth: ModbusReply, stale: boolean): ModbusReply {
    this.used ||= stale;
    if (!this.used || request.kind !== 'read') return truth;
    const question = `${unit} ${request.start} ${request.quantity}`;
    const before = this.#said.get(question);
    this.#said.delete(question);
    this.#said.set(question, truth);
    const oldest = this.#said.size > QUESTIONS_LIMIT ? this.#said.keys().next().value : undefined;
    if (oldest !== undefined) this.#said.delete(oldest);
    return stale ? (before ?? truth) : truth;
  }
}
