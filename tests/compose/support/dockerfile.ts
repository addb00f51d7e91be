import { readFileSync } from 'node:fs';

export interface Copy {
  /** Another stage; undefined = the build context. */
  readonly stage: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly copies: readonly Copy[];
  /** Every instruction, in order: `RUN npm ci …`. Continued lines are one. */
  readonly instructions: readonly { readonly word: string; readonly rest: string }[];
}

/** The Dockerfile, stage by stage. */
export function readDockerfile(): readonly Stage[] {
  const lines = readFileSync('Dockerfile', 'utf8')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const stages: {
    image: string;
    name: string | undefined;
    copies: Copy[];
    instructions: Stage['instructions'][number][];
  }[] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === 'FROM') {
      const [image = '', , name] = rest.split(/\s+/);
      stages.push({ image, name, copies: [], instructions: [] });
      continue;
    }
    stages.at(-1)?.instructions.push({ word, rest });
    if (word === 'COPY') stages.at(-1)?.copies.push(readCopy(rest));
  }
  return stages;
}

/** The stage that becomes the image. */
export function lastStage(): Stage {
  const stage = readDockerfile().at(-1);
  if (stage === undefined) throw new Error('the Dockerfile is empty');
  return stage;
}

function readCopy(rest: string): Copy {
  const words = rest.split(/\s+/);
  const stage = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { stage, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** The last instruction of its kind in exec form: CMD ["node", …]. */
export function execForm(stage: Stage, word: string): readonly string[] {
  const found = stage.instructions.findLast((instruction) => instruction.word === word)?.rest ?? '';
  const list = found.slice(found.indexOf('['));
  return JSON.parse(list);
}
