import { Readable } from 'node:stream';
import type { Aedes } from 'aedes';

interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
}

/** What we use of the place where Aedes keeps messages; its types leave it out. */
interface Keeper {
  storeRetained(packet: Message): Promise<void>;
  createRetainedStreamCombi(patterns: readonly string[]): AsyncIterable<Message>;
}

const NOTHING = Buffer.alloc(0);

/**
 * Aedes reads retained messages ahead and writes them to a new subscriber one by one: what is published meanwhile overtakes
 * what was read before it, and the subscriber ends with the older of the two. From here on a retained message is looked up
 * in the moment in which it is written. Throws where Aedes keeps its messages otherwise than we know.
 */
export function keepRetainedFresh(aedes: Aedes): void {
  const keeper = keeperOf(aedes);
  const store = keeper.storeRetained.bind(keeper);
  const read = keeper.createRetainedStreamCombi.bind(keeper);
  const payloads = new Map<string, string | Buffer>();

  keeper.storeRetained = (packet) => {
    if (packet.payload.length === 0) payloads.delete(packet.topic);
    else payloads.set(packet.topic, packet.payload);
    return store(packet);
  };
  keeper.createRetainedStreamCombi = (patterns) => Readable.from(fresh(read(patterns)));

  async function* fresh(packets: AsyncIterable<Message>): AsyncGenerator<Message> {
    for await (const packet of packets) {
      const { topic } = packet;
      yield {
        ...packet,
        get payload() {
          // Gone meanwhile: empty says so.
          return payloads.get(topic) ?? NOTHING;
        },
      };
    }
  }
}

function keeperOf(aedes: Aedes): Keeper {
  if ('persistence' in aedes && isKeeper(aedes.persistence)) return aedes.persistence;
  throw new Error('this release of Aedes keeps retained messages where we do not find them');
}

function isKeeper(found: unknown): found is Keeper {
  return (
    typeof found === 'object' &&
    found !== null &&
    'storeRetained' in found &&
    typeof found.storeRetained === 'function' &&
    'createRetainedStreamCombi' in found &&
    typeof found.createRetainedStreamCombi === 'function'
  );
}
