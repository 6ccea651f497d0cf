/** The objects of the classic contract, as an outsider sees them. */
export interface User {
  _id: string;
  email: string;
  credits: number;
  is_superuser: boolean;
}

export interface Location {
  longitude: number;
  latitude: number;
}

export interface Probe {
  identifier: string;
  owner_id: string;
  location: Location;
  connected: boolean;
  availability?: number;
  token?: string;
}

export interface Operation {
  _id: string;
  probes: { identifier: string; owner_id: string; location: Location }[];
  params: Record<string, unknown>;
  results: { probe: string; results: unknown }[];
  credits: number;
  result_format: string;
}

/** What a probe is sent. */
export interface Job {
  _id: string;
  params: Record<string, unknown>;
  results: unknown[];
  credits: number;
  result_format: string;
}
