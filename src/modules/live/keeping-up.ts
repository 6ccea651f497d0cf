/**
 * Characters of events that may wait for one who watches, beside what the transport has in hand: whoever is further behind is
 * cut off, and may come back and ask the API what came meanwhile.
 */
export const MAX_BEHIND = 1024 * 1024;
