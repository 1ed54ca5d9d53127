// Sending a file and following its import. XMLHttpRequest because it alone reports both
// how much was sent and what the node says meanwhile.

import type { ApiError, ImportDone } from '../model/api.ts';

export interface Progress { share: number; stage: string }
export type ImportEnd = { done: ImportDone } | { error: ApiError } | { cancelled: true };

export interface RunningImport { cancel: () => void; end: Promise<ImportEnd> }

/** `mapping` is the text of a file that says what the properties of a GeoJSON file stand for. */
export function startImport(file: File, mapping: string | undefined, onProgress: (p: Progress) => void): RunningImport {
  const request = new XMLHttpRequest();
  const end = new Promise<ImportEnd>((resolve) => {
    let read = 0;
    let last: ImportEnd | null = null;
    const take = () => {
      const text = request.responseText;
      for (let stop = text.indexOf('\n', read); stop >= 0; stop = text.indexOf('\n', read)) {
        last = takeLine(text.slice(read, stop), onProgress) ?? last;
        read = stop + 1;
      }
    };
    request.upload.onprogress = (e) => onProgress({ share: e.total > 0 ? e.loaded / e.total : 0, stage: 'sending' });
    request.onprogress = take;
    request.onabort = () => resolve({ cancelled: true });
    request.onerror = () => resolve({ error: { code: 'UI-002', message: '' } });
    request.onload = () => {
      take();
      last = takeLine(request.responseText.slice(read), onProgress) ?? last;
      resolve(last ?? { error: refusal(request.responseText, request.status) });
    };
  });
  request.open('POST', `/v1/imports?name=${encodeURIComponent(file.name)}${mapping ? `&mapping=${encodeURIComponent(mapping)}` : ''}`);
  request.setRequestHeader('X-Twin-Request', '1');
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  request.send(file);
  return { cancel: () => request.abort(), end };
}

function takeLine(line: string, onProgress: (p: Progress) => void): ImportEnd | null {
  const said = parse(line);
  if (typeof said?.['progress'] === 'number') onProgress({ share: said['progress'], stage: String(said['stage'] ?? '') });
  if (said && 'done' in said) return { done: said['done'] as ImportDone };
  if (said && 'error' in said) return { error: said['error'] as ApiError };
  return null;
}

function refusal(body: string, status: number): ApiError {
  const said = parse(body);
  return { code: String(said?.['code'] ?? `HTTP-${status}`), message: String(said?.['message'] ?? '') };
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
