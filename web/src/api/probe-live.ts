import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { session } from '../session/session.js';

/** Asks for a probe again the moment it comes or goes (docs/live.md). Without the feed, pages ask from time to time. */
export function useProbeLive(id: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const token = session.token();
    if (token === undefined) return undefined;
    let gone = false;
    let close = (): void => undefined;
    void import('socket.io-client').then(({ io }) => {
      if (gone) return;
      const socket = io('/live', { auth: { token }, transports: ['websocket'] });
      close = () => void socket.close();
      socket.on('connect', () => socket.emit('subscribe', { probe: id }, () => undefined));
      socket.on('probe', () => void queries.invalidateQueries({ queryKey: ['probe', id] }));
    });
    return () => {
      gone = true;
      close();
    };
  }, [id, queries]);
}
