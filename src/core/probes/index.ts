export { InstrumentsService } from './instruments.service.js';
export { MAC_ADDRESS_RULE, macAddress } from './mac-address.js';
export { isTrusted } from './clock-trust.js';
export { type HeldProbe, type ProbeChange, ProbeFeed } from './probe-feed.js';
export { canonicalNetwork, rangeOf } from './address-range.js';
export { countryOf } from './country.js';
export { FINDABLE, type Findable, foundNetwork, type Place, placeOf, type PlaceStatement } from './place.js';
export { continentOf, countriesIn, isCountry, regionOf, regionsOf } from './regions.js';
export { SYSTEM_TAG, tagsOf } from './system-tags.js';
export { type Box, DEFAULT_WINDOW, type ProbeFilter } from './probe-filter.js';
export {
  type DeliveryCapabilities,
  type LinkCapabilities,
  packCapabilities,
  unpackCapabilities,
} from './link-capabilities.js';
export { addLoads, fits, type Load, MOST_HELD, NEARLY_FULL, NO_LOAD } from './probe-load.js';
export { ProbeConnectionsRepository } from './probe-connections.repository.js';
export { NetworksService } from './networks/networks.service.js';
export { type Network } from './networks/network-table.js';
export { type LoadedProbe, ProbeLoadsRepository } from './probe-loads.repository.js';
export {
  type ClockEstimate,
  type ConnectionState,
  type Families,
  type InstrumentDetails,
  MAX_CREDITS,
  PROBE_NUMBERS,
  type ProbeConnection,
  type ProbeEntity,
  type ProbeReport,
} from './probe.schema.js';
export { ProbesModule } from './probes.module.js';
export {
  type ChosenProbe,
  type MeasuredProbe,
  ProbesRepository,
  type ProbeTotals,
} from './probes.repository.js';
export { type ListedProbe, type NamedProbe, type ProbeReports } from './listed-probes.repository.js';
export { locationOf, ProbesService, suspensionSentence } from './probes.service.js';
export {
  LONGEST_WINDOW_MS,
  type Reliability,
  type RunShare,
  type Uptime,
  WINDOW_NAMES,
  type WindowFigures,
  type WindowName,
  WINDOWS,
} from './reliability-figures.js';
export { lotOf, MAX_PROBES, type Selection, type SelectionRule } from './selection/selection.js';
export { SelectionService } from './selection/selection.service.js';
export { type Presence, presenceOf, type ProbePage, type ProbeSearch } from './probe-search.js';
