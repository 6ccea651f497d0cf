/** What users see live, on `/live` and as server-sent events; docs/live.md has the same list. */
export interface LiveEvents {
  result: {
    operation_id: string;
    probe_id: string;
    result_id: string;
    outcome: 'stored' | 'failed';
    received_at: string;
    scheduled_at?: string;
    format?: string;
    summary?: object[];
    failure?: { reason: string; detail: string };
  };
  assignment: {
    operation_id: string;
    probe_id: string;
    state: 'delivered' | 'refused' | 'pending';
    reason?: string;
  };
  probe: { probe_id: string; connected: boolean; at: string };
  credits: { amount: number; reason: string; operation_id: string };
}

export type LiveEventName = keyof LiveEvents;

export interface LiveEvent {
  name: LiveEventName;
  data: LiveEvents[LiveEventName];
  /** who may see it: `operation:<id>`, `probe:<id>`, `user:<id>` */
  rooms: string[];
}
