import { constants, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Up to where records were delivered. */
export interface Position {
  readonly sequence: number;
  readonly at: number;
}

const TEXT_BYTES = 32;
const TEXT = /^(\d{1,12}) (\d{1,12}) *\n$/;

/**
 * The delivered position in a file of its own. It is written and not synced: after a power cut it may be an older one,
 * and then records are delivered again, which is allowed and cheaper than a sync each.
 */
export class PositionFile {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(dir: string): Promise<{ readonly file: PositionFile; readonly position: Position | undefined }> {
    const file = await open(join(dir, 'delivered'), constants.O_RDWR | constants.O_CREAT, 0o600);
    const [, sequence, at] = TEXT.exec(await file.readFile('latin1')) ?? [];
    const position = sequence === undefined ? undefined : { sequence: Number(sequence), at: Number(at) };
    return { file: new PositionFile(file), position };
  }

  async write({ sequence, at }: Position): Promise<void> {
    await this.#file.write(`${`${sequence} ${at}`.padEnd(TEXT_BYTES - 1)}\n`, 0, 'latin1');
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
