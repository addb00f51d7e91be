import { computed, onBeforeUnmount, onMounted, shallowRef, watch } from 'vue';
import { useNarrow } from '../ui/useNarrow.ts';
import { useAlarmCount } from './alarmCount.ts';
import { playTone, type Severity, TONES } from './alarmTone.ts';
import { keepSoundChoice, loadSoundChoice, type SoundChoice, soundStateOf } from './soundChoice.ts';
import { useServerClock } from './useServerClock.ts';

/**
 * Either counts as a touch for the browser. Not the press of a pointer: the words in the header go with the first touch, and
 * what was pressed would be elsewhere when the pointer is released.
 */
const TOUCHES = ['click', 'keydown'] as const;

/** Whether anybody has touched this page since it was loaded; older browsers do not say. */
function hasBeenTouched(): boolean {
  return 'userActivation' in navigator && navigator.userActivation.hasBeenActive;
}

/**
 * Sounds while an alarm calls that nobody has acknowledged; says when it cannot. An `unattended` screen also asks its browser
 * without a touch, which some are told to allow.
 */
export function useAlarmSound(unattended = false) {
  const nowMs = useServerClock();
  const alarmCount = useAlarmCount();
  const choice = shallowRef(loadSoundChoice(localStorage, useNarrow().value));
  const mayPlay = shallowRef(false);
  const state = computed(() => soundStateOf(choice.value, nowMs.value, mayPlay.value));
  let context: AudioContext | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function choose(next: Partial<SoundChoice>): void {
    choice.value = { ...choice.value, ...next };
    keepSoundChoice(localStorage, choice.value);
  }

  /** Waits until the browser lets the page sound, most often for a touch. */
  async function wake(): Promise<void> {
    if (mayPlay.value) return;
    context ??= new AudioContext();
    await context.resume();
    mayPlay.value = context.state === 'running';
  }
  const touched = () => {
    if (choice.value.on) void wake();
  };

  function sound(severity: Severity): void {
    if (context !== undefined) playTone(context, severity);
    timer = setTimeout(() => sound(severity), TONES[severity].everyMs);
  }

  watch(
    () => (state.value === 'on' ? alarmCount.calling : 0),
    (severity) => {
      clearTimeout(timer);
      if (severity !== 0) sound(severity);
    },
  );
  onMounted(() => {
    // Who has just signed in has touched the page, before this was there to hear it.
    if (unattended || hasBeenTouched()) touched();
    for (const touch of TOUCHES) window.addEventListener(touch, touched);
  });
  onBeforeUnmount(() => {
    for (const touch of TOUCHES) window.removeEventListener(touch, touched);
    clearTimeout(timer);
    void context?.close();
  });

  return {
    state,
    mutedUntilMs: computed(() => choice.value.mutedUntilMs),
    turnOn: () => choose({ on: true, mutedUntilMs: 0 }),
    turnOff: () => choose({ on: false }),
    mute: (minutes: number) => choose({ on: true, mutedUntilMs: nowMs.value + minutes * 60_000 }),
    async tryIt(): Promise<void> {
      await wake();
      if (context !== undefined) playTone(context, 3);
    },
  };
}
