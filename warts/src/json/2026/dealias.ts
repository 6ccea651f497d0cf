import { ICMP, ICMP6, TCP } from '../../ping-answers.js';
import {
  DEALIAS_REPLY_HAS_IPID32,
  type DealiasProbe,
  type DealiasRecord,
  type DealiasReply,
} from '../../records/dealias.js';
import { DEALIAS_RESULTS, definitionJson, icmpFields, isMidar, methodFields } from '../dealias.js';
import { nameOf } from '../text.js';
import { errorMessage, monitor, spacedTime, time } from './common.js';

/** A dealias record as sc_warts2json of 2026 prints it; undefined for the methods of MIDAR, at which it ends. */
export function dealiasJson(dealias: DealiasRecord): string | undefined {
  const { method, start, userid, result, error, list } = dealias;
  if (isMidar(method)) return undefined;
  return (
    `{"type":"dealias","version":"0.2","method":"${method.name}", "userid":${userid}` +
    `, "result":${nameOf(DEALIAS_RESULTS, result)}, "start":${spacedTime(start)}` +
    errorMessage(error) +
    methodFields(method, true) +
    monitor(list) +
    `, "probedefs":[${dealias.definitions.map(definitionJson).join(', ')}]` +
    `, "probes":[${dealias.probes.map(probeJson).join(', ')}]}`
  );
}

function probeJson({ definition, seq, tx, ipid, replies }: DealiasProbe): string {
  return (
    `{"probedef_id":${definition.id},"seq":${seq},"tx":${time(tx)}` +
    (definition.dst.isIPv4 ? `, "ipid":${ipid}` : '') +
    `, "replies":[${replies.map(replyJson).join(', ')}]}`
  );
}

function replyJson(reply: DealiasReply): string {
  const { src, rx, ttl, size_bytes, protocol } = reply;
  return (
    `{"src":"${src.toString()}","rx":${time(rx)},"ttl":${ttl}` +
    (size_bytes === 0 ? '' : `, "size":${size_bytes}`) +
    identifier(reply) +
    `, "proto":${protocol}` +
    (protocol === ICMP || protocol === ICMP6 ? icmpFields(reply) : '') +
    (protocol === TCP ? `, "tcp_flags":${reply.tcp_flags}` : '') +
    '}'
  );
}

function identifier({ src, flags, ipid, ipid32 }: DealiasReply): string {
  if (src.isIPv4) return `, "ipid":${ipid}`;
  return flags & DEALIAS_REPLY_HAS_IPID32 ? `, "ipid":${ipid32}` : '';
}
