export {
  ConnectedProbes,
  type DeliveryAnswer,
  type Job,
  type JobsPart,
  type ProbeLink,
  type Wording,
} from './connected-probes.js';
export { Presence, type Stay } from './presence.js';
export { PresenceModule } from './presence.module.js';
export { PresenceService } from './presence.service.js';
export { type OpenConnection, ProbeConnectionsService } from './probe-connections.service.js';
export { type ProbeProtocol, ProbeProtocols, type SayableJob } from './probe-protocols.js';
export { ProbeVersionsService } from './probe-versions.service.js';
export { ProbeStates } from './probe-states.js';
export { RosterService } from './roster.service.js';
export { ProbeMeters } from './probe-meters.js';
export { SESSION_KEPT_S, type SessionEntity } from './session.schema.js';
export { SessionsRepository } from './sessions.repository.js';
export { ProbeSuspensionService } from './probe-suspension.service.js';
export { TokenRevocationService } from './token-revocation.service.js';
