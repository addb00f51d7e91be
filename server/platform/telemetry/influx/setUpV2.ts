import { type InfluxClient, statusOf } from './client.ts';
import type { InfluxSettings } from './settings.ts';
import { InfluxSetUpError, mayChangeRetention, type WantedDatabase } from './setUpError.ts';

interface Bucket {
  readonly id: string;
  readonly orgID: string;
  readonly retentionRules?: readonly { readonly everySeconds: number }[];
}

type V2Settings = Extract<InfluxSettings, { version: 2 }>;

/** 2.x: a bucket, its retention, and the mapping by which InfluxQL knows it as a database of the same name. */
export async function prepareBucket(client: InfluxClient, settings: V2Settings, wanted: WantedDatabase): Promise<void> {
  const { name, retentionMs, log } = wanted;
  const everySeconds = Math.round((retentionMs ?? 0) / 1_000);
  let bucket = await findBucket(client, settings, name);
  if (bucket === undefined) {
    const retentionRules = rulesOf(everySeconds);
    const orgID = await findOrg(client, settings);
    bucket = (await client.manage('POST', '/api/v2/buckets', { orgID, name, retentionRules })) as Bucket;
    log.info('InfluxDB bucket made', { bucket: name, keptS: everySeconds });
  } else if ((bucket.retentionRules?.[0]?.everySeconds ?? 0) !== everySeconds) {
    await mapDatabase(client, bucket, name);
    if (await mayChangeRetention(wanted, `${bucket.retentionRules?.[0]?.everySeconds ?? 0} s`)) {
      await client.manage('PATCH', `/api/v2/buckets/${bucket.id}`, { retentionRules: rulesOf(everySeconds) });
      log.info('InfluxDB retention set', { bucket: name, keptS: everySeconds });
    }
  }
  await mapDatabase(client, bucket, name);
}

function rulesOf(everySeconds: number): readonly object[] {
  return everySeconds === 0 ? [] : [{ type: 'expire', everySeconds }];
}

async function findBucket(client: InfluxClient, { org }: V2Settings, name: string): Promise<Bucket | undefined> {
  const query = `org=${encodeURIComponent(org)}&name=${encodeURIComponent(name)}`;
  try {
    const answer = (await client.manage('GET', `/api/v2/buckets?${query}`)) as { readonly buckets?: readonly Bucket[] };
    return answer.buckets?.[0];
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function findOrg(client: InfluxClient, { org, url }: V2Settings): Promise<string> {
  const notThere = (cause?: unknown) =>
    new InfluxSetUpError(`INFLUX_ORG=${org} is not there at INFLUX_URL=${url}, or INFLUX_TOKEN may not see it.`, {
      cause,
    });
  try {
    const path = `/api/v2/orgs?org=${encodeURIComponent(org)}`;
    const answer = (await client.manage('GET', path)) as { readonly orgs?: readonly { readonly id: string }[] };
    const found = answer.orgs?.[0];
    if (found === undefined) throw notThere();
    return found.id;
  } catch (error) {
    if (statusOf(error) === 404) throw notThere(error);
    throw error;
  }
}

/** Newer 2.x map every bucket by themselves and say so. */
async function mapDatabase(client: InfluxClient, { id, orgID }: Bucket, name: string): Promise<void> {
  const query = `orgID=${encodeURIComponent(orgID)}&db=${encodeURIComponent(name)}`;
  const answer = (await client.manage('GET', `/api/v2/dbrps?${query}`)) as { readonly content?: readonly unknown[] };
  if ((answer.content?.length ?? 0) > 0) return;
  const mapping = { orgID, bucketID: id, database: name, retention_policy: 'autogen', default: true };
  await client.manage('POST', '/api/v2/dbrps', mapping);
}
