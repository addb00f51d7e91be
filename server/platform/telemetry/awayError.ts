/** A question to telemetry failed while its store is known to be away: nothing is broken here, and it comes back. */
export class TelemetryAwayError extends Error {
  constructor(cause: unknown) {
    super('The telemetry store does not answer: trends come back with it. What is shown live is not concerned.', {
      cause,
    });
    this.name = 'TelemetryAwayError';
  }
}
