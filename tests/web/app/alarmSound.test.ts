import { enableAutoUnmount } from '@vue/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { countAlarms } from '#contract/index.ts';
import AppAlarmSound from '../../../web/app/AppAlarmSound.vue';
import { useAlarmCount } from '../../../web/app/alarmCount.ts';
import { SEVERITIES, TONES } from '../../../web/app/alarmTone.ts';
import { keepSoundChoice, loadSoundChoice, soundStateOf } from '../../../web/app/soundChoice.ts';
import { mountInApp } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);
beforeEach(() => localStorage.clear());

test('each severity has a tone of its own, and the graver one comes sooner again', () => {
  const tones = SEVERITIES.map((severity) => TONES[severity]);
  expect(tones.map(({ notes }) => notes.length)).toEqual([1, 2, 3]);
  expect(tones.map(({ everyMs }) => everyMs)).toEqual(tones.map(({ everyMs }) => everyMs).toSorted((a, b) => b - a));
  for (const { notes, everyMs } of tones) {
    const end = Math.max(...notes.map(({ atS, lengthS }) => atS + lengthS));
    expect(end * 1_000).toBeLessThan(everyMs / 2);
  }
});

test('a screen says of its sound what is true: off, muted until an end, blocked by the browser, on', () => {
  const on = { on: true, mutedUntilMs: 0 };
  expect(soundStateOf({ on: false, mutedUntilMs: 9 }, 1, true)).toBe('off');
  expect(soundStateOf({ on: true, mutedUntilMs: 9 }, 8, true)).toBe('muted');
  expect(soundStateOf({ on: true, mutedUntilMs: 9 }, 9, true)).toBe('on');
  expect(soundStateOf(on, 1, false)).toBe('blocked');
});

test('what was chosen is kept on this screen; a phone begins silent, and rubbish counts for nothing', () => {
  expect(loadSoundChoice(localStorage, false)).toEqual({ on: true, mutedUntilMs: 0 });
  expect(loadSoundChoice(localStorage, true).on).toBe(false);
  keepSoundChoice(localStorage, { on: true, mutedUntilMs: 77 });
  expect(loadSoundChoice(localStorage, true)).toEqual({ on: true, mutedUntilMs: 77 });
  for (const rubbish of ['{', '3', 'null', '{"on":"yes","mutedUntilMs":"x"}']) {
    localStorage.setItem('meterwall.sound', rubbish);
    expect(loadSoundChoice(localStorage, false)).toEqual({ on: true, mutedUntilMs: 0 });
  }
});

test('it sounds after the first touch while something calls, and stops with the acknowledgement', async () => {
  const voices = stubAudio();
  let calling = 3;
  const counts = () => ({ body: { unacknowledged: 1, calling } });
  const { wrapper } = await mountInApp(AppAlarmSound, [[countAlarms, counts]], {});
  const button = wrapper.get('button');
  expect(button.text()).toBe('Touch for sound');
  const count = useAlarmCount();
  await count.refresh();
  await wrapper.vm.$nextTick();
  expect(voices).toEqual([]);

  // The header stays as it is until the pointer is released, or the first click would hit something else.
  window.dispatchEvent(new Event('pointerdown'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(button.text()).toBe('Touch for sound');
  window.dispatchEvent(new Event('click'));
  await expect.poll(() => button.text()).toBe('Alarm sound is on');
  expect(voices).toEqual([659, 784, 988]);
  calling = 0;
  await count.refresh();
  await wrapper.vm.$nextTick();
  calling = 1;
  await count.refresh();
  await wrapper.vm.$nextTick();
  expect(voices).toEqual([659, 784, 988, 523]);
});

test('a screen that nobody touches sounds where its browser lets it, and says so where it does not', async () => {
  const allowed = { now: false };
  const voices = stubAudio(() => allowed.now);
  const serve = [[countAlarms, () => ({ body: { unacknowledged: 1, calling: 3 } })]] as const;
  const { wrapper: silent } = await mountInApp(AppAlarmSound, serve, { unattended: true });
  await useAlarmCount().refresh();
  await silent.vm.$nextTick();
  expect(silent.get('button').text()).toBe('Touch for sound');
  expect(voices).toEqual([]);
  allowed.now = true;
  const { wrapper } = await mountInApp(AppAlarmSound, serve, { unattended: true });
  await useAlarmCount().refresh();
  await expect.poll(() => wrapper.get('button').text()).toBe('Alarm sound is on');
  expect(voices).toEqual([659, 784, 988]);
});

/** The browser's audio, which the test environment has not: notes heard, in hertz. */
function stubAudio(isAllowed: () => boolean = () => true): readonly number[] {
  const voices: number[] = [];
  const node = { connect: () => node };
  class Context {
    state = 'suspended';
    currentTime = 0;
    destination = node;
    async resume() {
      if (!isAllowed()) return new Promise<void>(() => {});
      this.state = 'running';
    }
    async close() {}
  }
  class Gain {
    gain = { setValueAtTime() {}, linearRampToValueAtTime() {} };
    connect = node.connect;
  }
  class Oscillator {
    connect = node.connect;
    readonly frequency: number;
    constructor(_: unknown, { frequency }: { frequency: number }) {
      this.frequency = frequency;
    }
    start() {
      voices.push(this.frequency);
    }
    stop() {}
  }
  vi.stubGlobal('AudioContext', Context);
  vi.stubGlobal('GainNode', Gain);
  vi.stubGlobal('OscillatorNode', Oscillator);
  return voices;
}
