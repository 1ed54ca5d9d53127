// What sources are called.

/** `urn:twin:from:NAME.ID:SOURCE`: what another organisation sent. */
const FROM = /^urn:twin:from:([^.:]+)\.[0-9a-f]+:(.+)$/;

/** Whose a source is, if another organisation's. */
export function organisationOf(id: string): string | undefined {
  return FROM.exec(id)?.[1];
}

/** What a person calls a source: the end of its id, which is what is written on it; a
    colleague by name. */
export function sourceName(received: string): string {
  const id = FROM.exec(received)?.[2] ?? received;
  const account = /^urn:twin:account:(.+)$/.exec(id)?.[1];
  if (account) return decoded(account);
  return /^urn:twin:source:(.+)$/.exec(id)?.[1] ?? id.split(':').slice(-2).join(' ');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
