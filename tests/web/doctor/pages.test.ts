import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type DoctorLine,
  type DoctorSheet,
  exportDoctorLines,
  getLineDoctor,
  listDoctorLines,
  listPlaces,
} from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import DoctorPage from '../../../web/features/doctor/DoctorPage.vue';
import LineSheet from '../../../web/features/doctor/LineSheet.vue';
import { type Asked, mountInApp, type Serve } from '../support/appHarness.ts';
import { lineWith, proposalWith, sheetWith } from './doctorSamples.ts';

enableAutoUnmount(afterEach);

const property = (id: number, en: string) => ({
  id,
  kind: 'property',
  propertyId: id,
  names: { en },
  position: id,
  timeZone: 'Asia/Shanghai',
});
const places: Serve[number] = [listPlaces, () => ({ body: { items: [property(1, 'Mall'), property(2, 'Office')] } })];

async function openList(items: readonly DoctorLine[], ...more: Serve) {
  const page = await mountInApp(DoctorPage, [places, [listDoctorLines, () => ({ body: { items } })], ...more]);
  await useEstate().load();
  await flushPromises();
  return page;
}
async function openSheet(sheet: DoctorSheet) {
  const page = await mountInApp(LineSheet, [places, [getLineDoctor, () => ({ body: sheet })]], { lineId: 1 });
  await useEstate().load();
  await flushPromises();
  return page;
}
const key = (name: string) => document.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));

describe('the list of lines', () => {
  const lines = [
    lineWith({ lineId: 2, gatewayCode: 'GW-2', verdict: 'dead', best: proposalWith(), proposalCount: 3 }),
    lineWith(),
  ];

  test('says the verdict in words, what a round takes, and what to change', async () => {
    const { wrapper } = await openList(lines);
    const [sick, well] = wrapper.findAll('tbody tr').map((row) => row.text());
    expect(sick).toContain('Dead meters');
    expect(sick).toContain('Repair or disable the dead meters: address 3, 7');
    expect(sick).toContain('2 more');
    expect(well).toContain('0.30 / 0.24');
    expect(well).toContain('Nothing to change');
    expect(wrapper.find('header').text()).toContain('2 lines');
  });

  test('filters by verdict, in the address', async () => {
    const { wrapper, router } = await openList(lines);
    await wrapper.findAll('.verdicts button')[1]?.trigger('click');
    await flushPromises();
    expect(router.currentRoute.value.query).toEqual({ verdict: 'dead' });
    expect(wrapper.findAll('tbody tr').map((row) => row.find('a').text())).toEqual(['GW-2 / A']);
  });

  test('is taken as a file by the same filter; a failure is said beside the button, and with no line it says why', async () => {
    const asked: Asked[] = [];
    const busy = (call: Asked) => {
      asked.push(call);
      return { status: 503, body: { code: 'server.busy', message: 'busy' } };
    };
    const { wrapper, router } = await openList(lines, [exportDoctorLines, busy]);
    await router.replace({ query: { verdict: 'dead', property: '1', q: 'GW-2' } });
    await flushPromises();
    await wrapper.get('[data-export]').trigger('click');
    await flushPromises();
    expect(Object.fromEntries(asked[0]?.query ?? [])).toEqual({
      verdict: 'dead',
      propertyId: '1',
      q: 'GW-2',
      lang: 'en',
    });
    expect(wrapper.get('.export [role=alert]').text()).toContain('busy');
    await router.replace({ query: { q: 'nowhere' } });
    await flushPromises();
    expect(wrapper.get('[data-export]').attributes('disabled')).toBeDefined();
    expect(wrapper.get('.export').text()).toContain('No line matches');
  });

  test('arrows walk from line to line', async () => {
    const { wrapper } = await openList(lines);
    const links = wrapper.findAll('tbody th a').map(({ element }) => element);
    key('ArrowDown');
    expect(document.activeElement).toBe(links[0]);
    key('ArrowDown');
    expect(document.activeElement).toBe(links[1]);
    key('ArrowUp');
    expect(document.activeElement).toBe(links[0]);
  });

  test('says what to do when there is none, and when none matches', async () => {
    expect((await openList([])).wrapper.text()).toContain('No lines yet');
    const { wrapper, router } = await openList(lines);
    await router.replace({ query: { q: 'nowhere' } });
    await flushPromises();
    expect(wrapper.text()).toContain('No line matches');
  });
});

describe('the sheet of a line', () => {
  test('shows where the time goes, to whom it is lost, and what to change with its effect', async () => {
    const { wrapper } = await openSheet(sheetWith());
    const text = wrapper.text().replaceAll(/\s+/g, ' ');
    for (const words of ['GW-1 / A', 'Dead meters', 'timeout 1000 ms', '13.4', '600.0', '100.0', '240311503'])
      expect(text).toContain(words);
    const card = wrapper.find('article').text().replaceAll(/\s+/g, ' ');
    for (const words of ['address 3, 7', '5.00', '4.00 s', '40.0 %', 'wins 13 s an hour', 'computed'])
      expect(card).toContain(words);
  });

  test('names only the meters that cost something, until all are wanted', async () => {
    const { wrapper } = await openSheet(sheetWith());
    const addresses = () => wrapper.findAll('.scroll tbody tr').map((row) => row.find('td').text());
    expect(addresses()).toEqual(['3']);
    await wrapper
      .findAll('button')
      .find((button) => button.text().includes('Show all 3'))
      ?.trigger('click');
    expect(addresses()).toEqual(['3', '1', '5']);
  });

  test('has a table behind its chart, with a dash for a minute without a read', async () => {
    const { wrapper } = await openSheet(sheetWith());
    const rows = wrapper.findAll('details tbody tr').map((row) => row.findAll('th, td').map((cell) => cell.text()));
    expect(rows).toEqual([
      ['20:02', '–', '20.0', '0.0', '0'],
      ['20:01', '0.30', '25.0', '1.1', '0'],
    ]);
  });

  test('of a line in good order says so', async () => {
    const sheet = sheetWith({ verdict: 'healthy', proposals: [], meters: [], history: [], dead: 0 });
    const { wrapper } = await openSheet(sheet);
    expect(wrapper.text()).toContain('Nothing to change');
    expect(wrapper.text()).toContain('No meter costs the line anything');
    expect(wrapper.text()).toContain('after two minutes');
    expect(wrapper.findAll('article')).toHaveLength(0);
  });

  test('of a stopped line offers the way to its gateway', async () => {
    const { wrapper } = await openSheet(sheetWith({ verdict: 'stopped', observedMs: 0, proposals: [], meters: [] }));
    expect(wrapper.text()).toContain('it is not polled');
    expect(wrapper.findAll('a').at(-1)?.attributes('href')).toContain('/gateways/1');
  });
});
