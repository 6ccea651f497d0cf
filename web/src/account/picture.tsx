import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import { wrongOf } from '../ui/action.js';
import { Button, Problem } from '../ui/parts.js';

/** @returns a picture as an address of its own text: the policy of the page allows no other that needs a token */
export function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error('The picture cannot be read'));
    reader.readAsDataURL(blob);
  });
}

/** A picture that may be set by choosing a file, and taken away. */
export function Picture({
  name,
  alt,
  address,
  load,
  put,
  remove,
}: {
  /** what it is called in buttons */
  name: string;
  alt: string;
  /** changes with the picture; null: there is none */
  address: string | null;
  load: (signal: AbortSignal) => Promise<Blob>;
  /** absent: it may only be looked at */
  put?: (file: File) => Promise<unknown>;
  remove?: () => Promise<unknown>;
}): ReactNode {
  const id = useId();
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['picture', address],
    enabled: address !== null,
    queryFn: async ({ signal }) => dataUrl(await load(signal)),
    staleTime: Infinity,
  });
  const change = useMutation({
    mutationFn: (file: File | undefined) =>
      (file === undefined ? remove?.() : put?.(file)) ?? Promise.resolve(undefined),
    onSuccess: async () => {
      await queries.invalidateQueries();
    },
  });
  const wrong = wrongOf(change.error);
  return (
    <div className="picture">
      {address === null || query.data === undefined ? null : <img src={query.data} alt={alt} />}
      {put !== undefined && (
        <div className="field">
          <label htmlFor={id}>{name}</label>
          <input
            id={id}
            type="file"
            accept="image/jpeg,image/png"
            disabled={change.isPending}
            onChange={({ target }) => {
              const file = target.files?.[0];
              if (file !== undefined) change.mutate(file);
              target.value = '';
            }}
          />
          <div className="hint">A JPEG or PNG file of 1 MB at the most.</div>
        </div>
      )}
      {address !== null && remove !== undefined && (
        <Button size="small" disabled={change.isPending} onClick={() => change.mutate(undefined)}>
          Take the picture away
        </Button>
      )}
      {wrong !== undefined && <Problem error={wrong} />}
    </div>
  );
}

/** What a file is sent as: its bytes, with the type that its first bytes have to have. */
export function fileBody(file: File): { body: never; bodySerializer: () => File; headers: HeadersInit } {
  return {
    body: file as never,
    bodySerializer: () => file,
    headers: { 'Content-Type': file.type },
  };
}

export function OwnPicture({ id, address }: { id: string; address: string | null }): ReactNode {
  return (
    <Picture
      name="Picture"
      alt="Your picture"
      address={address}
      load={(signal) =>
        answer(api.GET('/api/v1/users/{id}/picture', { params: { path: { id } }, parseAs: 'blob', signal }))
      }
      put={(file) => answer(api.PUT('/api/v1/users/me/picture', fileBody(file)))}
      remove={() => answer(api.DELETE('/api/v1/users/me/picture'))}
    />
  );
}
