import { FiguresDecoder, isAnswer, StreamDecoder, summarize, WartsError } from '../../src/index.js';
import type { PingRecord, WartsRecord } from '../../src/index.js';

type Read = { push(chunk: Uint8Array): Iterable<unknown>; finish(): void };

/** @returns what came before the end or the damage, and the damage */
function readAll(decoder: Read, bytes: Uint8Array) {
  const records: unknown[] = [];
  try {
    for (const record of decoder.push(bytes)) records.push(record);
    decoder.finish();
  } catch (error) {
    if (!(error instanceof WartsError)) throw error;
    return { records, error: error.message, code: error.code };
  }
  return { records };
}

const figures = (ping: PingRecord & Pick<WartsRecord, 'unknown_parameters'>) => ({
  type: 'ping-figures',
  userid: ping.userid,
  summary: summarize(ping),
  rtts_us: ping.replies.filter((reply) => isAnswer(ping, reply)).map(({ rtt_us }) => rtt_us),
  ...(ping.unknown_parameters && { unknown_parameters: ping.unknown_parameters }),
});

/** What a file comes to by the decoder that keeps the figures of pings alone, and by the one that keeps all. */
export function bothWays(bytes: Uint8Array, maxRecordParts = 131_072) {
  const whole = readAll(new StreamDecoder({ maxRecordParts }), bytes);
  const expected = (whole.records as WartsRecord[]).map((record) =>
    record.type === 'ping' ? figures(record) : record,
  );
  return {
    short: readAll(new FiguresDecoder({ maxRecordParts }), bytes),
    whole: { ...whole, records: expected },
  };
}
